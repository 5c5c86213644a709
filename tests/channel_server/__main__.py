"""Serve a channel on loopback.

    python3 tests/solver/channel.py OUT && python3 tests/channel_server OUT

prints the channel's address, `http://127.0.0.1:PORT/conda-forge`, and serves until it is ended. What can
be asked of it is told in `server.py`; needs tests/live/requirements.txt.
"""

import argparse
import pathlib

import forms
from faults import FAULTS, Fault
from server import Server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--forms", default=",".join(forms.FORMS), help="which to offer")
    parser.add_argument("--fault", choices=FAULTS)
    parser.add_argument("--on", default="", help="only on paths that contain this")
    parser.add_argument("--times", type=int, default=0, help="only so many times")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    if not any(arguments.folder.glob(f"*/{forms.INDEX}")):
        forms.write(arguments.folder)
    elsewhere = Server(arguments.folder).start()
    server = Server(arguments.folder, tuple(arguments.forms.split(",")), port=arguments.port)
    server.elsewhere = elsewhere.base
    if arguments.fault:
        server.fault = Fault(arguments.fault, arguments.on, arguments.times)
    print(server.channel, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
