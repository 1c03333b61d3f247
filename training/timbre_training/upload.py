"""Sends a split data set to the Hugging Face hub: `python3 -m timbre_training.upload data/set --repo OWNER/NAME`.

Needs the package `huggingface_hub`, a network, and a token in `HF_TOKEN` (or a login made with that package's own tool).
"""

import argparse
import sys
from pathlib import Path

from timbre_training.manifest import read_manifest


def check(folder):
    """Problems that would make the upload useless: a missing card, missing files, clips without a licence."""
    problems = [] if (folder / "README.md").exists() else ["README.md (the dataset card) is missing"]
    if not (folder / "metadata.csv").exists():
        return problems + ["metadata.csv is missing: make the folder with timbre_training.split"]
    clips = read_manifest(folder)
    missing = [clip.path for clip in clips if not clip.path.exists()]
    unlicensed = [clip.path for clip in clips if not clip.licence]
    problems += [f"{len(missing)} clips are missing, first {missing[0]}"] if missing else []
    return problems + ([f"{len(unlicensed)} clips name no licence, first {unlicensed[0]}"] if unlicensed else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repo", required=True, help="OWNER/NAME")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--dry-run", action="store_true", help="check the folder and stop")
    options = parser.parse_args()
    problems = check(options.folder)
    if problems:
        sys.exit("\n".join(problems))
    if options.dry_run:
        return
    try:
        from huggingface_hub import HfApi
    except ImportError:
        sys.exit("install it first: pip install huggingface_hub")
    hub = HfApi()
    hub.create_repo(options.repo, repo_type="dataset", private=options.private, exist_ok=True)
    hub.upload_large_folder(repo_id=options.repo, folder_path=str(options.folder), repo_type="dataset")


if __name__ == "__main__":
    main()
