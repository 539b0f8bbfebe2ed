"""hardcheck reads what SELinux and AppArmor really enforce on Linux hosts, and reports it with proof.

The folders are the data flow::

    transport -> collect -> evidence -> parse -> facts -> derive -> engine -> findings -> render
                                |-> selinux, apparmor -> access --^

``cli`` wires the stages. ``docs/architecture.md`` walks through them.
"""

__version__ = "0.1.0"
