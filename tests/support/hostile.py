"""Submissions that attack: in a cell above the answers, or in an answer.

``HARMLESS`` are cells that must change nothing: 0 points with wrong answers, 7 with right ones.
``{root}``, ``{folder}`` and ``{port}`` in them are the places that they look for.
"""

# Runs before a snippet that speaks to the judge itself, over the connection that it finds.
SPEAK = """
import gc, os, socket, struct, json
for thing in gc.get_objects():
    if type(thing).__name__ == "Channel":
        line = thing
def reply(header, payload=b"", lengths=None):
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    lengths = lengths or (len(data), len(payload))
    line.socket.sendall(struct.pack(">IQ", *lengths) + data + payload)
"""

HARMLESS = {
    # The comparison, patched where it would be if it ran here.
    "checks replaced": "check_velocity = check_loss = check_number = lambda *a, **k: None",
    "a check's own helper": (
        "import utils.checks.answers as a\na.close = a.check_function = lambda *x: 1"
    ),
    "allclose": "import torch\ntorch.allclose = torch.equal = torch.isclose = lambda *a, **k: True",
    "builtins": "import builtins\nbuiltins.all = builtins.abs = lambda *a: True",
    "builtin sums": "import builtins\nbuiltins.sum = builtins.max = lambda *a, **k: 0",
    "comparison of tensors": (
        "import torch\ntorch.Tensor.__le__ = torch.Tensor.__gt__ = lambda *a: torch.tensor(True)"
    ),
    "module replaced": (
        "import sys, types\nm = types.ModuleType('utils.checks')\n"
        "m.check_velocity = m.check_loss = m.check_number = lambda *a, **k: print('correct')\n"
        "sys.modules['utils.checks'] = m"
    ),
    "hooks of IPython": (
        "ip = get_ipython()\nip.events.register('post_run_cell', lambda *a: None)\n"
        "ip.ast_transformers.append(type('T', (), dict(visit=lambda self, tree: tree))())\n"
        "ip.run_line_magic('alias_magic', 'time2 time')"
    ),
    "exceptions silenced": "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)",
    "assertions silenced": "import builtins\nbuiltins.AssertionError = Warning",
    "tracing": (
        "import sys, threading\nsys.settrace(lambda *a: None)\nthreading.settrace(lambda *a: 0)"
    ),
    "clocks": "import time\ntime.time = time.monotonic = lambda: 0.0",
    "at exit": "import atexit, signal\natexit.register(print)\nsignal.signal(15, lambda *a: None)",
    # Solutions, from wherever they might be.
    "the solution imported": (
        "try:\n    from utils.checks.velocity import right\n    assert right(1) is None\n"
        "except ImportError: pass"
    ),
    "the grader imported": (
        "import importlib\nfor name in ('classroom', 'classroom.key', 'classroom.judge'):\n"
        "    try: importlib.import_module(name); raise SystemError('seen')\n"
        "    except ImportError: pass"
    ),
    "files of the course": (
        "import os\nfor root, folders, files in os.walk({root!r}):\n"
        "    if '.venv' in folders: folders.remove('.venv')\n"
        "    if '.venv' not in root and any(f.endswith(('.md', '.ipynb', '.py')) for f in files):\n"
        "        raise SystemError('seen ' + root)"
    ),
    "other submissions": (
        "import glob\nif glob.glob({folder!r} + '/*') or glob.glob('/tmp/*/*.ipynb'):\n"
        "    raise SystemError('seen')"
    ),
    "the caller's frames": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    if {{'wants', 'right', 'exercise', 'key'}} & set(frame.f_locals):\n"
        "        raise SystemError('seen')\n    frame = frame.f_back"
    ),
    "all objects": (
        "import gc\nfor thing in gc.get_objects():\n"
        "    if type(thing).__name__ in ('Exercise', 'Key') and hasattr(thing, 'points'):\n"
        "        raise SystemError('seen')"
    ),
    "memory of the first process": (
        "for name in ('mem', 'environ', 'maps'):\n"
        "    try: open('/proc/1/' + name, 'rb').read(10); raise SystemError('seen')\n"
        "    except OSError: pass"
    ),
    "environment": (
        # Where Python lies is no secret; it may lie in the course's folder.
        "import os, sys\nplaces = [v.replace(sys.prefix, '') for v in os.environ.values()]\n"
        "if any('{root}' in place for place in places):\n    raise SystemError('seen')"
    ),
    # Forged results.
    "results printed": (
        "import json, sys\nprint(json.dumps({{'rows': [['1-velocity', 2, 2, '']]}}))\n"
        "sys.stderr.write('correct')"
    ),
    "results written": (
        "for name in ('rows.json', '/tmp/rows.json', '/tmp/grades.csv'):\n"
        "    open(name, 'w').write('[[\"1-velocity\", 2, 2, \"\"]]')"
    ),
    # The machine.
    "system files": (
        "for name in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/etc/passwd',\n"
        "             '/x', '/dev/x', '/usr/bin/x', '/given/x.py', '/proc/1/oom_score_adj'):\n"
        "    try: open(name, 'w').write('x'); raise SystemError(name)\n"
        "    except OSError: pass"
    ),
    "rights": (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "assert libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) and libc.chroot(b'/tmp')\n"
        "assert libc.unshare(0x10000000) and libc.setuid(0) and libc.ptrace(16, 1, 0, 0)"
    ),
    "the network": (
        "import socket\nfor place in (('1.1.1.1', 53), ('127.0.0.1', {port})):\n"
        "    try: socket.create_connection(place, 1); raise SystemError('reached')\n"
        "    except OSError: pass"
    ),
    "a server": "import socket\nserver = socket.create_server(('127.0.0.1', 8899))",
    "the first process killed": (
        "import os\nfor number in (15, 2, 1, 9, 19):\n    os.kill(os.getppid(), number)"
    ),
    "a daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        time.sleep(1000)\n    os._exit(0)"
    ),
    "much output": (
        "import sys\nfor _ in range(20):\n    print('x' * 10**6)\n    sys.stderr.write('y' * 10**6)"
    ),
    "letters": "print('José 김철수 \\ud800 \\u202e \\x00')\n이름 = '값'",
    "disk": (
        "try:\n    for n in range(3):\n        with open(f'/tmp/fill{{n}}', 'wb') as f:\n"
        "            for _ in range(40): f.write(bytes(2**20))\n    raise SystemError('no limit')\n"
        "except OSError: pass"
    ),
    "shared memory": (
        "try:\n    with open('/dev/shm/fill', 'wb') as f:\n"
        "        for _ in range(40): f.write(bytes(2**20))\n    raise SystemError('no limit')\n"
        "except OSError: pass"
    ),
    "limits raised": (
        "import resource\ntry:\n    resource.setrlimit(resource.RLIMIT_DATA, (2**40, 2**40))\n"
        "    raise SystemError('raised')\nexcept ValueError: pass"
    ),
    "an exit": "exit()",
    "a system exit": "import sys\nsys.exit(0)",
    "an interrupt": "raise KeyboardInterrupt",
    "recursion": "def deeper(): return deeper()\ndeeper()",
    # These end the run. It is repeated without the cell.
    "the kernel killed": "import os\nos._exit(0)",
    "everything killed": "import os\nos.kill(-1, 9)",
    "a crash": "import ctypes\nctypes.string_at(0)",
    "stopped": "import os\nos.kill(os.getpid(), 19)",
    "a loop": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "a second answerer": "import os\nos.fork()",
    "a fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "threads": (
        "import threading, time\nwhile True:\n"
        "    try: threading.Thread(target=time.sleep, args=(99,)).start()\n"
        "    except RuntimeError: pass"
    ),
    "memory": "hoard = []\nwhile True: hoard.append(bytearray(10**8))",
    "memory of many processes": (
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n"
        "        hoard = b'x' * (500 * 2**20)\n        time.sleep(99)\ntime.sleep(99)"
    ),
    "the line cut": SPEAK + "line.socket.close()",
    "not a message": SPEAK + "reply(b'no json')",
    "a pickle": SPEAK + "reply({{'value': {{'pickle': ['cos\\nsystem\\n']}}}})",
    "too long a message": SPEAK + "reply(b'', lengths=(2**31, 2**40))",
    "too deep a message": SPEAK + "reply(b'[' * 10**6)",
    "too large a tensor": SPEAK + "reply({{'value': {{'tensor': ['float32', [10**6, 10**6]]}}}})",
    "half a message": SPEAK + "reply(b'{{', lengths=(100, 0))\nimport time\ntime.sleep(99)",
}

# Answers that attack, by exercise; the other exercises keep their right answers.
ANSWERS = {
    "a subclass of tensor": (
        "1-velocity",
        """
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, f, types, args=(), kwargs=None):
        return torch.tensor(True)
def velocity(x, t, x_1, sigma_min):
    return torch.zeros(x.shape).as_subclass(Yes)
""",
    ),
    "a lying number": (
        "2-floor",
        "class Lie(float):\n    def __sub__(self, other): return 0.0\n    __rsub__ = __sub__\n"
        "    def __float__(self): return 2.0\nfloor = Lie(2.0)",
    ),
    "a lying object": (
        "2-floor",
        "class Lie:\n    __class__ = float\n    def __repr__(self): return '=1+1'\nfloor = Lie()",
    ),
    "not finite": ("2-floor", "floor = float('nan')"),
    "a number without end": ("2-floor", "floor = 10**5000"),
    "a function for a number": ("2-floor", "floor = lambda: 3.14"),
    "a number for a function": ("1-velocity", "velocity = 3"),
    "another shape": ("1-velocity", "def velocity(*a): return torch.zeros(())"),
    "a huge answer": ("1-velocity", "def velocity(*a): return torch.zeros(10**8)"),
    "a meta tensor": ("1-velocity", "def velocity(x, *a): return x.to('meta')"),
    "a sparse tensor": ("1-velocity", "def velocity(x, *a): return (x * 0).to_sparse()"),
    "a complex tensor": ("1-velocity", "def velocity(x, *a): return x + 1j"),
    "strings": ("1-velocity", "def velocity(*a): return '=cmd|x' * 10**6"),
    "arguments overwritten": (
        "1-velocity",
        "def velocity(x, t, x_1, sigma_min):\n    x.resize_(1)\n    x_1.zero_()\n    return x",
    ),
    "a field asked for ever": (
        "1-loss",
        "def loss(u, x_0, x_1, t):\n    while True: u(x_0, t)",
    ),
    "a field given rubbish": (
        "1-loss",
        "def loss(u, x_0, x_1, t):\n    for junk in (None, 'x', {}, [1], u):\n"
        "        try: u(junk, junk)\n        except RuntimeError: pass\n    return x_0.sum() * 0",
    ),
    "a long error": ("1-loss", "def loss(*a): raise ValueError('=1+1' * 10**6)"),
    "an exit in a function": ("1-loss", "def loss(*a):\n    import os\n    os._exit(0)"),
    "a system exit in a function": ("1-loss", "def loss(*a):\n    raise SystemExit"),
    "an assertion in a function": ("1-loss", "def loss(*a):\n    assert False, '=1+1'"),
    "a syntax error": ("1-loss", "def loss(:"),
    "nested too deep": ("1-loss", "x = " + "(" * 5000 + ")" * 5000),
}

PLAIN = {name for name, text in HARMLESS.items() if "{" not in text}
SLOW = {
    "a loop",
    "a second answerer",
    "stopped",
    "half a message",
    "threads",
    "memory of many processes",
}
DEAR = {"a fork bomb", "threads", "memory", "memory of many processes"}
