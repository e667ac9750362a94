"""Is a file a Chrome trace that Perfetto takes whole? trace_check.py TRACE.json ...

By the trace event format: known phases, whole numbers for times, names for every process and thread, slices of a thread that nest or lie
apart (what overlaps otherwise is dropped by importers), and for each flow one start and one end, in this order, each inside a slice of its
thread to which it binds.
"""
import bisect
import collections
import json
import sys


def check(path):
    trace = json.load(open(path))
    events = trace["traceEvents"]
    assert trace["displayTimeUnit"] in ("ms", "ns")
    slices, flows, processes, threads = collections.defaultdict(list), {}, {}, {}
    for event in events:
        phase, where = event["ph"], (event["pid"], event["tid"])
        assert phase in ("M", "X", "s", "f"), event
        assert all(isinstance(n, int) and n > 0 for n in where), event
        if phase == "M":
            names = {"process_name": processes, "thread_name": threads}.get(event["name"])
            if names is not None:
                assert isinstance(event["args"]["name"], str)
                names[where if event["name"] == "thread_name" else where[0]] = event["args"]["name"]
            else:
                assert event["name"] in ("process_sort_index", "thread_sort_index") and isinstance(event["args"]["sort_index"], int)
            continue
        assert isinstance(event["ts"], int) and event["ts"] >= 0 and event["name"], event
        assert where[0] in processes, event
        if phase == "X":
            assert isinstance(event["dur"], int) and event["dur"] >= 0 and isinstance(event["args"], dict), event
            assert where in threads, event
            slices[where].append((event["ts"], event["ts"] + event["dur"]))
            continue
        assert phase == "s" or event.get("bp") == "e", event
        pair = flows.setdefault(event["id"], {})
        assert phase not in pair, f"two {phase} of flow {event['id']}"
        pair[phase] = (where, event["ts"], event["name"], event["cat"])
    begins = {}
    for where, own in slices.items():
        own.sort(key=lambda s: (s[0], -s[1]))
        begins[where] = [s[0] for s in own]
        open_ends = []
        for begin, end in own:
            while open_ends and open_ends[-1] <= begin:
                open_ends.pop()
            assert not open_ends or end <= open_ends[-1], f"thread {where}: a slice at {begin} ends behind the one around it"
            open_ends.append(end)
    for number, pair in flows.items():
        assert set(pair) == {"s", "f"}, f"flow {number} has {sorted(pair)}"
        assert pair["s"][2:] == pair["f"][2:] and pair["s"][1] <= pair["f"][1], pair
        for where, time, *_ in pair.values():
            last = bisect.bisect_right(begins[where], time)
            assert any(b <= time <= e for b, e in slices[where][max(0, last - 4):last]), f"flow {number} binds to nothing at {where}, {time}"
    print(f"{path.rsplit('/', 1)[-1]}: {sum(map(len, slices.values()))} slices on {len(slices)} threads of {len(processes)} processes, "
          f"{len(flows)} arrows")


for each in sys.argv[1:]:
    check(each)
