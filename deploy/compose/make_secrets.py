"""Make the passwords and keys that docker-compose.yml mounts; those that are there stay as they are.

Needs nothing but Python. The folder is for you alone; its files are readable by whoever can reach them,
because each container reads its own as a user of its own.

    python3 deploy/compose/make_secrets.py
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"
DEVICES = ("em-1001", "em-1002", "em-1003", "em-1004", "kuip-phone", "em-1006")
"""The devices of the simulator's story; tests/house/test_compose.py keeps them equal."""
PARTIES = ("politie", "reclassering", "meldkamer_em")
ITERATIONS = 101  # Mosquitto's own default


def mosquitto_line(user: str, password: str) -> str:
    """A line of Mosquitto's password file: PBKDF2 with SHA-512, its kind 7."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, dklen=64)
    return f"{user}:$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}\n"


def make() -> dict[str, str]:
    """File name -> content of a whole new set, in agreement with each other."""
    database = secrets.token_urlsafe(24)
    broker = {user: secrets.token_urlsafe(24) for user in ("emon", *DEVICES)}
    files = {
        "database_password": database,
        "database_url": f"postgresql://emon:{database}@database:5432/emon",
        "mqtt_url": f"mqtt://emon:{broker['emon']}@broker:1883",
        "broker_passwords": "".join(mosquitto_line(user, word) for user, word in broker.items()),
        "devices": json.dumps(
            {device: {"username": device, "password": broker[device]} for device in DEVICES}
        ),
    }
    for party in PARTIES:
        files[party] = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return files


def main() -> int:
    if FOLDER.exists():
        print(f"{FOLDER} is there already; remove it to make new ones (the database keeps its old password)")
        return 0
    FOLDER.mkdir(mode=0o700)
    for name, content in make().items():
        (FOLDER / name).write_text(content, "utf-8")
    print(f"wrote {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
