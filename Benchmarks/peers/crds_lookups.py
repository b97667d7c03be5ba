"""The same as `irisbench lookups`, by the published client: choices for the headers of a JSON file, and seconds."""

import argparse
import json
import sys
import time

import crds_client


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rmap")
    parser.add_argument("--cache", default="/nonexistent")
    parser.add_argument("--context")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("headers")
    options = parser.parse_args()
    rmap = crds_client.load(options.cache)
    from crds.core import utils

    def minimal(header, names):
        """As the client makes a frame's header ready: what is missing is UNDEFINED, then all is conditioned."""
        return utils.condition_header({name: header.get(name, "UNDEFINED") for name in names} | header)

    with open(options.headers) as file:
        headers = json.load(file)
    if options.rmap:
        mapping = rmap.load_mapping(options.rmap)
        kind = mapping.filekind.lower()
        headers = [minimal(header, mapping.get_required_parkeys()) for header in headers]

        def look(header):
            return {kind: mapping.get_best_ref(header)}
    else:
        mapping = rmap.load_mapping(f"{options.cache}/mappings/tmt/{options.context}")
        mapping.get_best_references({"META.INSTRUMENT.NAME": "IRIS"})
        kinds = [kind.lower() for kind in mapping.get_imap("iris").selections.keys()]
        headers = [minimal(header, mapping.get_imap("iris").get_required_parkeys()) for header in headers]

        def look(header):
            try:
                found = mapping.get_best_references(header)
            except Exception as error:  # no rules for the instrument, or none named
                found = {kind: f"NOT FOUND {error}" for kind in kinds}
            return {kind: found.get(kind) for kind in kinds}

    seconds = []
    for turn in range(options.rounds + 1):
        start = time.perf_counter()
        choices = [look(header) for header in headers]
        if turn:
            seconds.append(time.perf_counter() - start)
    words = [{kind: crds_client.word(answer) for kind, answer in choice.items()} for choice in choices]
    json.dump({"choices": words, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
