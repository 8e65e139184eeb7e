"""System accounts that only one process sees: a mount namespace with a passwd, a shadow and a PAM configuration of its own."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tidegate.adapters.auth.libcrypt import crypt

PAM = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"


def available() -> bool:
    """Whether this process may make one: root, with the right to mount."""
    program = shutil.which("unshare")
    return program is not None and subprocess.run([program, "-m", "true"], capture_output=True, check=False).returncode == 0


def prepare(folder: Path, accounts: Mapping[str, str], shadow_lines: str = "") -> Path:
    """A program that runs its arguments with these accounts; their ids begin with 61000.

    Args:
        folder: for its files.
        accounts: passwords by name.
        shadow_lines: more lines of shadow(5); each gets an account.
    """
    passwd = Path("/etc/passwd").read_text()
    lines = [f"{user}:{crypt(password.encode(), '$6$rounds=1000$saltsalt$')}:19000:0:99999:7:::" for user, password in accounts.items()]
    lines += shadow_lines.splitlines()
    names = [line.partition(":")[0] for line in lines]
    known = {line.partition(":")[0] for line in passwd.splitlines()}
    passwd += "".join(f"{name}:x:{61000 + number}:61000::/:/bin/sh\n" for number, name in enumerate(names) if name not in known)
    (folder / "passwd").write_text(passwd)
    (folder / "shadow").write_text("\n".join(lines) + "\n")
    (folder / "shadow").chmod(0o600)
    shutil.copytree("/etc/pam.d", folder / "pam.d")
    (folder / "pam.d" / "tidegate").write_text(PAM)
    script = folder / "with-accounts"
    python = Path(sys.base_prefix)
    if Path("/root") in python.parents:  # the interpreter lies where other users may not go: they may, in here
        mounts_python = f"mkdir -p {folder}/python\nmount --bind {python} {folder}/python\nmount -t tmpfs -o mode=755 none /root\n"
        mounts_python += f"mkdir -p {python}\nmount --bind {folder}/python {python}\n"
    else:
        mounts_python = ""
    mounts = "".join(f"mount --bind {folder / name} /etc/{name}\n" for name in ("passwd", "shadow", "pam.d"))
    script.write_text(
        f'#!/bin/sh\nset -e\n[ -n "$NAMESPACE" ] || {{ NAMESPACE=1 exec unshare -m "$0" "$@"; }}\nexport NAMESPACE=1\n{mounts}{mounts_python}exec "$@"\n'
    )
    script.chmod(0o755)
    return script


def main() -> None:
    """``python -m tests.servers.system_accounts SOCKET PATTERN…``: the helper, until standard input ends."""
    from tidegate.adapters.auth.privileged_helper import start_helper
    from tidegate.domain.account_patterns import AccountPatterns

    start_helper(Path(sys.argv[1]), AccountPatterns(tuple(sys.argv[2:])), 0, 0)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
