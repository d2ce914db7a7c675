"""The lock: one version of everything, with hashes, for all that is asked for."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply import lock

HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")


def versions(file):
    return {(canonicalize_name(pin.name), str(pin.specifier)) for pin in lock.pins(file)}


def asked():
    """Every requirement of the requirements files and of the package's parts."""
    lines = [
        line.partition("#")[0].strip()
        for file in lock.ROOT.glob("requirements*.txt")
        for line in file.read_text("utf-8").splitlines()
    ]
    project = tomllib.loads((lock.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines += project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def test_both_files_have_the_same_versions():
    torch = {pin for pin in versions(lock.CONSTRAINTS) if pin[0] == "torch"}
    assert len(torch) == 1 and "+" not in next(iter(torch))[1]
    assert versions(lock.CONSTRAINTS) - torch == versions(lock.LOCKED), "run make lock"


def test_every_package_but_torch_has_hashes():
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock.LOCKED.read_text("utf-8"), flags=re.M)
    assert set(re.sub(r"^#.*\n", "", blocks[0], flags=re.M)) <= {"\n"}
    for block in blocks[1:]:
        first, *hashes = block.splitlines()
        assert re.fullmatch(r"[a-z0-9.-]+==[^ ]+ (; .+ )?\\", first), first
        assert hashes and all(map(HASH.fullmatch, hashes)), first
        assert not lock.is_torch(block), first


def test_the_lock_has_what_is_asked_for():
    pins = {canonicalize_name(name): number for name, number in versions(lock.CONSTRAINTS)}
    for wanted in asked():
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin and wanted.specifier.contains(pin.removeprefix("==")), f"{wanted}: run make lock"


def test_two_versions_of_one_package_keep_their_markers():
    blocks = [
        'a==1 ; python_version < "3.12" \\\n    --hash=sha256:0\n',
        'a==2 ; python_version >= "3.12" \\\n    --hash=sha256:1\n',
        'b==3 ; sys_platform == "win32" \\\n    --hash=sha256:2\n',
    ]
    assert lock.constraints(blocks) == lock.CONSTRAINTS_HEAD + (
        'a==1 ; python_version < "3.12"\na==2 ; python_version >= "3.12"\nb==3\n'
    )


def test_what_a_build_of_torch_asks_for_is_not_locked():
    for name in ("torch", "triton", "nvidia-nccl-cu13", "cuda-bindings"):
        assert lock.is_torch(f"{name}==1 \\\n")
    assert not lock.is_torch("torchdiffeq==1 \\\n")


def test_the_package_asks_for_what_the_requirements_say():
    said = {}
    for one in asked():
        said.setdefault(canonicalize_name(one.name), set()).add(str(one.specifier))
    assert {name: each for name, each in said.items() if len(each) > 1} == {}
