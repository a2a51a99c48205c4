"""Run the security tests, the long ones included, and print their figures as one JSON object on the last line.

Arguments go to pytest (`run.py tests/security/test_tokens.py -x`); a figure that no test recorded shows as null, and in
a run of everything that is a failure. So is a figure above its bar.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE))

from security_figures import FIGURES, FILE_VARIABLE, beyond_bars  # noqa: E402 - found through the line above

COMMAND: Final = (sys.executable, "-m", "pytest", "-o", "python_files=test_*.py long_*.py", "--timeout=900")


def main(arguments: Sequence[str]) -> int:
    """Run pytest, print the figures, give the exit code."""
    with tempfile.TemporaryDirectory(prefix="aksu-security-") as folder:
        file = Path(folder) / "figures.json"
        run = subprocess.run(
            [*COMMAND, *(arguments or [str(HERE)])],
            env={"AKSU_SECURITY_EXAMPLES": "60", **os.environ, FILE_VARIABLE: str(file)},
            check=False,
        )
        recorded: Mapping[str, float] = json.loads(file.read_text(encoding="ascii")) if file.exists() else {}
    missing = [] if arguments else [name for name in FIGURES if name not in recorded]
    if missing:
        sys.stdout.write(f"no test recorded: {', '.join(missing)}\n")
    beyond = beyond_bars(recorded)
    if beyond:
        sys.stdout.write(f"{'; '.join(beyond)}\n")
    sys.stdout.write(json.dumps({name: _plain(recorded.get(name)) for name in FIGURES}) + "\n")
    return run.returncode or bool(missing or beyond)


def _plain(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
