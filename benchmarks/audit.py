"""Known vulnerabilities and licences of all that constraints.txt names.

    python benchmarks/audit.py

Run by ``make audit``, before a release: advisories change by themselves, so it is no part of what
a change must pass. Asks the service that the package index of this machine offers (pip-audit),
writes docs/licences.md (pip-licenses), names what tells no licence, and ends with status 1 where
something is vulnerable or could not be looked up.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
PAGE = ROOT / "docs" / "licences.md"


def main() -> int:
    found = advisories()
    vulnerable = [one for one in found if one.get("vulns")]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    for one in vulnerable:
        for advisory in one["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {advisory['id']}, mended in {fixed}")
    told = f"{len(found)} packages: {len(vulnerable)} with known vulnerabilities"
    if unknown:
        told += f"; {len(unknown)} could not be looked up, since no service here knows them"
    print(f"{told}.")
    unlicensed = write_licences()
    if unlicensed:
        print(f"No licence is told of: {', '.join(unlicensed)}.")
    print(f"Licences: {PAGE.relative_to(ROOT)}")
    return 1 if vulnerable or unknown else 0


def advisories() -> list[dict[str, Any]]:
    """What pip-audit says of each pinned package."""
    options = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        raise SystemExit(f"The advisories cannot be had:\n{done.stderr[-2000:]}") from error
    return found


def write_licences() -> list[str]:
    """The page with the licence of each pinned package that is installed; those without one."""
    pinned = {_normal(name) for name in re.findall(r"^([\w.-]+)==", CONSTRAINTS.read_text(), re.M)}
    command = [sys.executable, "-m", "piplicenses", "--format", "json", "--from", "mixed"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [one for one in json.loads(done.stdout) if _normal(one["Name"]) in pinned]
    rows = [f"| {one['Name']} | {one['Version']} | {_short(one['License'])} |" for one in told]
    PAGE.write_text(
        "# Licences\n\nOf the packages that `constraints.txt` pins, as they name theirs "
        "(`make audit`). The core, the extras\nand the tools of development are all among them.\n\n"
        "| package | version | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n",
        encoding="utf-8",
    )
    return [one["Name"] for one in told if one["License"] == "UNKNOWN"]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _short(licence: str) -> str:
    """Its name, where a package gives the whole text."""
    first = licence.strip().splitlines()[0].replace("|", "/")
    return first if len(first) <= 80 else f"{first[:79]}…"


if __name__ == "__main__":
    sys.exit(main())
