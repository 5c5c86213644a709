#!/usr/bin/env python3
"""Run the steps of `.github/workflows/page.yml` as GitHub's runner does, and look at what they upload.

    python3 .ci/page.py

A pages artifact is packed as actions/upload-pages-artifact packs it. Needs PyYAML and what `web/check` does. Exit code 0
if all is right, else 1.
"""

import pathlib
import subprocess
import sys
import tarfile
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# By the action that uploads: what must be in it.
CONTENTS = {
    "actions/upload-artifact": {"package.json", "index.d.ts", "documents.d.ts", "node.js", "browser.js", "core.js", "core.wasm"},
    "actions/upload-pages-artifact": {"index.html", "sw.js"},
}


def packed(folder):
    """The names in the archive of a folder; links and special files are no part of a page."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = pathlib.Path(scratch) / "artifact.tar"
        # https://github.com/actions/upload-pages-artifact/blob/v3/action.yml
        words = ["tar", "--dereference", "--hard-dereference", "--directory", folder, "-cf", archive, "--exclude=.git", "--exclude=.github", "."]
        subprocess.run(words, check=True)
        with tarfile.open(archive) as tar:
            return {it.name.removeprefix("./") for it in tar if it.isfile() and it.mode & 0o444 == 0o444}


def main():
    jobs = yaml.safe_load((ROOT / ".github/workflows/page.yml").read_text())["jobs"]
    faults, uploads = [], set()
    for step in jobs["build"]["steps"]:
        if "run" in step:
            # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
            subprocess.run(["bash", "-e", "-c", step["run"]], cwd=ROOT, check=True)
        action = step.get("uses", "").split("@")[0]
        if action in CONTENTS:
            uploads.add(action)
            missing = CONTENTS[action] - packed(ROOT / step["with"]["path"])
            faults += [f"{action}: `{name}` is missing" for name in sorted(missing)]
    faults += [f"nothing is uploaded with {action}" for action in CONTENTS.keys() - uploads]
    publish = jobs["publish"]
    # What deploy-pages needs: https://github.com/actions/deploy-pages/blob/v4/README.md
    if publish["needs"] != "build" or publish["permissions"] != {"id-token": "write", "pages": "write"}:
        faults.append("`publish` must come after `build`, and may write pages and nothing else")
    print("\n".join(faults) or "the workflow of the page builds what it publishes")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
