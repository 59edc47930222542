"""A process that owns an embedded database, tells its URI and process id, and waits to be ended.

python embedded_owner.py DATA_DIR
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from emon.demo.database import EmbeddedDatabase


async def own(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir)
    await database.start()
    print(database.pid, database.uri, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await database.stop()


if __name__ == "__main__":
    asyncio.run(own(Path(sys.argv[1])))
