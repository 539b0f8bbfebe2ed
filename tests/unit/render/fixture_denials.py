"""What two hosts refused: a month of denials with a danger, and a host whose logs nobody may read."""

from __future__ import annotations

from hardcheck.findings.denials import CauseCount, DenialLine, Enforceable, HostDenials, ServiceDays

REFUSED = HostDenials(
    since="2026-11-01T06:00:00Z",
    sources=("/var/log/audit/audit.log", "the kernel's messages since boot"),
    faults=("records were lost or lie before the part of the log that was taken",),
    lines=240,
    open_groups=3,
    open_lines=201,
    causes=(CauseCount("wrong label", 1, 180), CauseCount("not to be allowed", 2, 21)),
    top=(
        DenialLine(
            "httpd_t",
            "read admin_home_t file /var/www/html/a.html",
            "wrong label",
            "refused",
            180,
            "2026-11-20T08:00:00Z",
            "nginx.service",
            "/var/www/html/a.html has the label admin_home_t; its place is labelled httpd_sys_content_t.",
            ("restorecon -v -- /var/www/html/a.html",),
        ),
    ),
    dangers=(
        DenialLine(
            "httpd_t",
            "read shadow_t file /etc/shadow",
            "not to be allowed",
            "refused",
            20,
            "2026-11-19T03:12:00Z",
            "php-fpm.service",
            "Password hashes: whoever reads them tries passwords offline.",
            (),
            ("Password hashes",),
        ),
    ),
    more_dangers=1,
    days=tuple(f"2026-11-{day:02d}" for day in range(1, 21)),
    services=(
        ServiceDays("nginx.service", tuple(range(0, 40, 2))),
        ServiceDays("php-fpm.service", (0,) * 18 + (15, 5)),
        ServiceDays("", (1,) * 20),
    ),
    enforceable=(
        Enforceable(
            "crond_t", "domain", "ready after steps", 2, 19.3, ("Restore the label of /etc/cron.d/x",)
        ),
        Enforceable("ntpd_t", "domain", "ready", 0, 19.3),
        Enforceable("smbd_t", "domain", "unknown", 0, 19.3, (), ("nothing is known to have run under it",)),
        Enforceable("nmbd_t", "domain", "unknown", 0, 19.3, (), ("nothing is known to have run under it",)),
    ),
)
UNREADABLE = HostDenials(
    unknown="denied: /var/log/audit/audit.log", enforceable_unknown="denied: root is needed"
)
