# SPDX-License-Identifier: GPL-2.0-only
"""An instance that is being traced."""

import errno
import os
import pathlib
import select
import signal
import subprocess
import sys
import threading
import unittest

import rbmap

INSTANCES = pathlib.Path("/sys/kernel/tracing/instances")


class Live(unittest.TestCase):
    """Markers are events that only the test writes."""

    def setUp(self):
        self.instance = INSTANCES / f"rbmap-test-python-{os.getpid()}"
        self.instance.mkdir()
        self.addCleanup(self.instance.rmdir)

    def follow(self, **how):
        how.setdefault("systems", [])
        live = rbmap.follow(self.instance.name, **how)
        self.addCleanup(live.close)
        return live

    def mark(self, *texts):
        for text in texts:
            (self.instance / "trace_marker").write_text(text)

    def texts(self, live, count):
        found = []
        for event in live.events("ftrace:print"):
            found.append(event["buf"].rstrip("\n"))
            if len(found) == count:
                return found

    def test_old_and_new_events(self):
        self.mark("before")
        live = self.follow()
        self.assertEqual(self.texts(live, 1), ["before"])
        self.mark("one", "two")
        self.assertEqual(self.texts(live, 2), ["one", "two"])

    def test_event(self):
        live = self.follow()
        self.mark("hello")
        event = next(live.events("print"))
        self.assertEqual((event.system, event.name), ("ftrace", "print"))
        self.assertEqual((event.pid, event.buffer), (os.getpid(), self.instance.name))
        self.assertIn(event.comm + f"-{os.getpid()}", str(event))
        self.assertTrue(str(event).rstrip().endswith("hello"))
        live.close()
        self.assertTrue(str(event).rstrip().endswith("hello"))

    def test_filter(self):
        live = self.follow()
        self.mark("one", "two", "three")
        event = next(live.events("print", filter="buf ~ 't*'"))
        self.assertEqual(event["buf"].strip(), "two")

    def test_fields_of_kernel_events(self):
        (self.instance / "events/sched/sched_process_exec/enable").write_text("1")
        live = self.follow(systems=None)
        process = subprocess.Popen(["/bin/true"])
        process.wait()
        for event in live.events("sched:sched_process_exec"):
            if event["pid"] == process.pid:
                break
        self.assertEqual(event["filename"], "/bin/true")
        (self.instance / "events/enable").write_text("0")

    def test_every_engine(self):
        for engine in "auto", "read":
            with self.subTest(engine), self.follow(engine=engine, cpus=[0]) as live:
                self.assertIn(live.engines[0], ("observe", "mapped", "read"))
                if engine != "auto":
                    self.assertEqual(live.engines, [engine])
                os.sched_setaffinity(0, [0])
                self.mark(engine)
                while engine not in self.texts(live, 1):
                    pass

    def test_stop_by_another_thread(self):
        live = self.follow()
        self.mark("one")
        found = []
        waiting = threading.Event()

        def read():
            for event in live:
                found.append(event)
                waiting.set()

        thread = threading.Thread(target=read)
        thread.start()
        waiting.wait()
        self.mark("two")
        live.stop()
        thread.join()
        self.assertEqual([event["buf"].strip() for event in found], ["one", "two"])
        self.assertEqual(list(live), [])

    def test_close_while_another_thread_waits(self):
        live = self.follow()
        result = []

        def read():
            try:
                next(live.events())
            except ValueError as error:
                result.append(str(error))

        thread = threading.Thread(target=read)
        thread.start()
        while not live._is_waiting:
            pass
        with self.assertRaises(RuntimeError):
            live.events()
        live.close()
        thread.join()
        self.assertEqual(result, ["the follow was closed during the iteration"])

    def test_close_by_a_signal_handler(self):
        live = self.follow()
        before = signal.signal(signal.SIGALRM, lambda *_: live.close())
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        with self.assertRaises(ValueError):
            next(iter(live))

    def test_pending_and_a_poll_loop(self):
        live = self.follow()
        self.assertEqual(list(live.pending()), [])
        self.mark("polled")
        found = []
        while not found:
            select.select([live], [], [])
            found = list(live.pending("print"))
        self.assertEqual(found[0]["buf"].strip(), "polled")

    def test_losses(self):
        (self.instance / "buffer_size_kb").write_text("4")
        live = self.follow(cpus=[0])
        os.sched_setaffinity(0, [0])
        self.mark("first")
        self.assertEqual(self.texts(live, 1), ["first"])
        self.mark(*["x" * 500] * 100)
        self.mark("last")
        lost = 0
        for item in live:
            if isinstance(item, rbmap.Lost):
                lost += item.count or 1
                self.assertEqual((item.cpu, item.buffer), (0, self.instance.name))
            elif item["buf"].strip() == "last":
                break
        self.assertGreater(lost, 0)

    def test_two_instances_in_one_order(self):
        second = INSTANCES / (self.instance.name + "-b")
        second.mkdir()
        self.addCleanup(second.rmdir)
        for instance in self.instance, second:
            (instance / "trace_clock").write_text("mono")
        with rbmap.follow(self.instance.name, second.name, systems=[]) as live:
            for number in range(10):
                instance = second if number % 2 else self.instance
                (instance / "trace_marker").write_text(str(number))
            live.stop()
            events = list(live)
        self.assertEqual([event["buf"].strip() for event in events], list("0123456789"))
        self.assertEqual([event.buffer for event in events[:2]], [self.instance.name, second.name])

    def test_batches(self):
        live = self.follow()
        self.mark(*map(str, range(10)))
        live.stop()
        batches = list(live.batches("ftrace:print", ["buf", "common_lost"], rows=4))
        self.assertEqual([batch.num_rows for batch in batches], [4, 4, 2])
        texts = [text.strip() for batch in batches for text in batch["buf"]]
        self.assertEqual(texts, list("0123456789"))

    def test_closed_instance_can_be_removed(self):
        live = self.follow()
        self.mark("kept")
        event = next(iter(live))
        live.close()
        self.instance.rmdir()
        self.instance.mkdir()
        self.assertIn("kept", str(event))
        for call in live.events, live.stop, live.fileno, lambda: live.engines, lambda: live.types:
            with self.assertRaises(ValueError):
                call()

    def test_errors(self):
        with self.assertRaises(rbmap.Error) as caught:
            rbmap.follow("rbmap-test-nowhere")
        self.assertEqual(caught.exception.errno, errno.ENOENT)
        self.assertEqual(caught.exception.filename, "rbmap-test-nowhere")
        with self.assertRaises(ValueError):
            rbmap.follow(self.instance.name, engine="none")
        with self.assertRaises(ValueError):
            self.follow(latency_ms=-1)
        with self.assertRaises(TypeError):
            rbmap.follow(3)
        with self.assertRaises(rbmap.Error):
            next(iter(rbmap.follow()))
        with self.assertRaises(LookupError):
            self.follow().events("nothing")

    def test_keyboard_interrupt(self):
        code = (
            "import rbmap, sys\n"
            "live = rbmap.follow(sys.argv[1], systems=[])\n"
            "try:\n"
            "    for event in live:\n"
            "        print(event['buf'].strip(), flush=True)\n"
            "except KeyboardInterrupt:\n"
            "    print('interrupted')\n"
        )
        self.mark("ready")
        process = subprocess.Popen(
            [sys.executable, "-c", code, self.instance.name],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate()[0], "interrupted\n")
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
