"""Ask PyPI whether the pinned versions of constraints.txt have known weaknesses; needs the extra [audit].

Exit status: 0 none is known, 1 some are, 3 the data about some or all packages cannot be had, so nothing is said of them.
"""

import json
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).resolve().parents[1] / "constraints.txt"


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "-r", str(PINNED)]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        words = (done.stderr.strip() or "pip-audit gave no answer").splitlines()[-1]
        print(f"Nothing was audited: {words}")
        return 3
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    weak = [one for one in packages if one.get("vulns")]
    for one in weak:
        for found in one["vulns"]:
            print(f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version'}")
    print(f"{len(packages) - len(unknown)} of {len(packages)} pinned packages audited, {len(weak)} with known weaknesses.")
    if unknown:
        print(f"No data could be had about {len(unknown)}: {', '.join(unknown[:5])}{', ...' if len(unknown) > 5 else ''}.")
    return 1 if weak else 3 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
