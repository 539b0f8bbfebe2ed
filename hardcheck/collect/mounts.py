"""What is mounted now, and what fstab(5) and mount units of systemd.mount(5) mount at boot."""

from __future__ import annotations

from hardcheck.collect.base import KIB, FileSource, ShellSource, TreeSource

# `MAJOR:MINOR NAME` of every disk that the kernel takes for removable, and of its partitions.
_REMOVABLE = """\
echo 'looked'
for file in /sys/block/*/removable; do
  [ -r "$file" ] && IFS= read -r flag < "$file" && [ "$flag" = 1 ] || continue
  for device in "${file%/removable}/dev" "${file%/removable}"/*/dev; do
    if [ -r "$device" ] && IFS= read -r number < "$device"; then
      name=${device%/dev}
      printf '%s %s\\n' "$number" "${name##*/}"
    fi
  done
done
exit 0
"""

SOURCES = (
    FileSource("mounts.mountinfo", "/proc/self/mountinfo", max_bytes=512 * KIB),
    FileSource("mounts.fstab", "/etc/fstab", max_bytes=64 * KIB),
    TreeSource(
        "mounts.units",
        (
            "/etc/systemd/system/*.mount",
            "/etc/systemd/system/*.mount.d/*.conf",
            "/etc/systemd/system/*.wants/*.mount",
            "/etc/systemd/system/*.requires/*.mount",
            "/run/systemd/generator.late/*.mount",
            # Of the vendor's units those of places that are looked at; the kernel's own file systems are not.
            "/usr/lib/systemd/system/boot.mount",
            "/usr/lib/systemd/system/home.mount",
            "/usr/lib/systemd/system/tmp.mount",
            "/usr/lib/systemd/system/tmp.mount.d/*.conf",
            "/usr/lib/systemd/system/var*.mount",
            "/usr/lib/systemd/system/local-fs.target.wants/*.mount",
        ),
        max_files=200,
        max_bytes=16 * KIB,
    ),
    ShellSource("mounts.removable", _REMOVABLE, max_bytes=16 * KIB),
)
