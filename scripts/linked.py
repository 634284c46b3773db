"""What is linked into quali-worker, for scripts/licenses and scripts/sbom: read from what Swift's package manager has
resolved, and from the manifests of the packages. Nothing is built.
"""
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Libraries of the system, by what the linker calls them: name, license in SPDX's terms, Debian 12's package.
SYSTEM = {
    "archive": ("libarchive", "BSD-2-Clause", "libarchive13"),
    "c": ("GNU C Library", "LGPL-2.1-or-later", "libc6"),
    "crypto": ("OpenSSL", "Apache-2.0", "libssl3"),
    "curl": ("libcurl", "curl", "libcurl4"),
    "gcc_s": ("libgcc", "GPL-3.0-or-later WITH GCC-exception-3.1", "libgcc-s1"),
    "sqlite3": ("SQLite", "blessing", "libsqlite3-0"),
    "stdc++": ("libstdc++", "GPL-3.0-or-later WITH GCC-exception-3.1", "libstdc++6"),
}
# What Swift's runtime and Foundation need of the system.
RUNTIME_NEEDS = {"c", "gcc_s", "stdc++"}


@dataclass
class Package:
    """A package of Swift whose code is in the program."""

    name: str
    address: str
    version: str
    revision: str
    folder: Path

    @property
    def license_text(self):
        return next(self.folder.glob("LICENSE*")).read_text(encoding="utf-8")

    @property
    def notice_text(self):
        return next((file.read_text(encoding="utf-8") for file in self.folder.glob("NOTICE*")), None)

    @property
    def license(self):
        """In SPDX's terms."""
        text = " ".join(self.license_text.split())
        if "Apache License" in text:
            return "Apache-2.0 WITH Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"
        if "Permission is hereby granted, free of charge" in text:
            return "MIT"
        raise SystemExit(f"{self.name} has a license that scripts/linked.py doesn't know")


def manifest(folder):
    command = ["swift", "package", "--package-path", str(folder), "dump-package"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def swift_license():
    """The license of Swift's runtime and Foundation, as the toolchain has it."""
    info = subprocess.run(["swift", "-print-target-info"], capture_output=True, text=True, check=True).stdout
    resources = Path(json.loads(info)["paths"]["runtimeResourcePath"])
    return (resources / "../../share/swift/LICENSE.txt").read_text(encoding="utf-8")


def swift_version():
    text = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"Swift version (\S+)", text)[1]


def is_for_linux(condition):
    return not condition or not condition.get("platformNames") or "linux" in condition["platformNames"]


def linked():
    """The packages and the keys of SYSTEM that the program 'quali-worker' is linked with, sorted by name."""
    if not (ROOT / "Package.resolved").exists() or not (ROOT / ".build/checkouts").exists():
        subprocess.run(["swift", "package", "resolve"], cwd=ROOT, check=True, capture_output=True)
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    packages = {}
    for pin in pins:
        address = pin["location"].removesuffix(".git")
        folder = ROOT / ".build/checkouts" / address.rsplit("/", 1)[-1]
        state = pin["state"]
        packages[pin["identity"]] = Package(folder.name, address, state["version"], state["revision"], folder)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(manifest, [ROOT, *(package.folder for package in packages.values())]))
    manifests = dict(zip([None, *packages], read))
    folders = {None: ROOT} | {identity: package.folder for identity, package in packages.items()}

    found, libraries, seen = set(), set(RUNTIME_NEEDS), set()

    def product(name, identity):
        for wanted in next(p["targets"] for p in manifests[identity]["products"] if p["name"] == name):
            target(wanted, identity)

    def target(name, identity):
        if (name, identity) in seen:
            return
        seen.add((name, identity))
        if identity:
            found.add(identity)
        entry = next(t for t in manifests[identity]["targets"] if t["name"] == name)
        for setting in entry["settings"]:
            if library := setting["kind"].get("linkedLibrary"):
                libraries.add(library["_0"])
        if entry["type"] == "system":
            map_file = folders[identity] / (entry.get("path") or f"Sources/{name}") / "module.modulemap"
            libraries.update(re.findall(r'\blink "([^"]+)"', map_file.read_text()))
        own = {t["name"] for t in manifests[identity]["targets"]}
        for dependency in entry["dependencies"]:
            (kind, value), = dependency.items()
            if not is_for_linux(value[-1]):
                continue
            if kind == "product":
                product(value[0], value[1].lower())
            elif value[0] in own:
                target(value[0], identity)
            else:
                product(value[0], next(i for i, m in manifests.items() if i and any(p["name"] == value[0] for p in m["products"])))

    product("quali-worker", None)
    if unknown := libraries - SYSTEM.keys():
        raise SystemExit(f"scripts/linked.py doesn't know these libraries of the system: {', '.join(sorted(unknown))}")
    return sorted((packages[i] for i in found), key=lambda p: p.name.lower()), sorted(libraries)
