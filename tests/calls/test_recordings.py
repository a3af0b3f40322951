"""What is in the file is what the caller heard and said, and nothing that nobody may hear."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from dataclasses import replace

import aiohttp
import pytest

from phoneagent.call.recording_keeper import RecordingKeeper
from phoneagent.errors import RecordingError, SettingsError
from phoneagent.records import RecordingRules
from phoneagent.simulator.caller import AgentSpeaking, CallerScript, Noise, Press, Say
from phoneagent.simulator.ear import Ear, Pressed
from phoneagent.simulator.network import Network
from phoneagent.store.memory import MemoryStore
from phoneagent.store.recordings import RecordingFolder
from phoneagent.toolbox import tool_spec
from tests.recorded import likeness, loud, shift, tracks
from tests.web.api.client import KEY

from .test_keypad import CARD, Payments
from .test_keypad import MIND as PAYING
from .world import agent, world

GIVEN = RecordingRules(own=True, consent="given")
HOURS = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))
CUT = CallerScript(Say("What are your opening hours?"), Say("Yes", after=AgentSpeaking(1.5)), Say("Goodbye"))


async def recorded(folder, script=HOURS, rules=GIVEN, made=None, **options):
    """A call, its record, and its two tracks."""
    async with world(made or agent(recording=rules), recordings=str(folder), **options) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=script)
        await asyncio.sleep(1.0)  # for the file to get there
        stored = await running.app.state.switchboard.look_up(call.call)
    [file] = folder.glob("*.wav")
    return call, told, stored, tracks(file.read_bytes())


def _since(speech, begin):
    cut = max(0.0, begin - speech.at)
    return replace(speech, at=speech.at + cut, audio=speech.audio[round(cut * 8000) :])


def matches(call, left, right, *, within=40.0):
    """All that was heard is in the recording, at its time to so many milliseconds; and nothing else is."""
    late = shift(left, call.ear.caller_track)
    assert likeness(left, call.ear.caller_track, late) > 0.98
    heard = [_since(speech, late / 1000) for speech in call.ear.agent_speech() if speech.end * 1000 > late]
    assert heard
    for speech in heard:
        begin = round((speech.at * 1000 - late) * 8)
        there = right[max(0, begin - 480) : begin + len(speech.audio) + 480]
        off = begin / 8 - max(0, begin - 480) / 8 + shift(there, speech.audio)
        assert abs(off) <= within
        assert likeness(there, speech.audio, off - begin / 8 + max(0, begin - 480) / 8) > 0.98
    again = Ear()
    for start in range(0, len(right), 160):
        again.agent_frame(right[start : start + 160])
    seconds = sum(speech.end - speech.at for speech in again.agent_speech())
    assert seconds == pytest.approx(sum(speech.end - speech.at for speech in heard), abs=0.3)


async def test_the_file_has_what_the_caller_said_and_heard(tmp_path):
    call, _, stored, (left, right) = await recorded(tmp_path)
    matches(call, left, right)
    assert stored.record.recording == "kept"
    assert [path.name for path in (tmp_path / ".spool").iterdir()] == []
    assert next(tmp_path.glob("*.wav")).stat().st_mode & 0o077 == 0, "nobody else on the machine may listen"


async def test_a_reply_ends_in_the_file_where_the_caller_cut_it(tmp_path):
    call, told, _, (left, right) = await recorded(tmp_path, CUT)
    assert told.of("interrupted")
    matches(call, left, right)


async def test_a_long_way_to_the_carrier_does_not_shift_the_tracks(tmp_path):
    call, told, _, (left, right) = await recorded(tmp_path, CUT, network=Network(to_server=0.15, from_server=0.15))
    assert told.of("interrupted")
    matches(call, left, right)


async def test_what_is_typed_in_secret_is_silence(tmp_path):
    payments = Payments()
    made = agent(tools=(tool_spec(payments.charge, reads_keypad=True),), recording=GIVEN)
    script = CallerScript(
        Say("I want to pay"), Press(CARD[:8]), Noise(0.5, after=0.1), Press(f"{CARD[8:]}#", after=0.1), Say("Goodbye")
    )
    call, _, _, (left, right) = await recorded(
        tmp_path, script, made=made, mind=PAYING, functions={"charge": payments.charge}
    )
    assert payments.charged == [CARD]
    late = shift(left, call.ear.caller_track) / 1000
    keys = [press.at - late for press in call.ear.facts(Pressed)]
    heard = call.ear.caller_track[round((keys[0] + late) * 8000) : round((keys[-1] + late) * 8000)]
    assert loud(heard, 0, len(heard) / 8000), "there was something to hide"
    assert not loud(left, keys[0] - 0.1, keys[-2] + 0.1)
    assert not loud(right, keys[0] - 0.1, keys[-2] + 0.1)
    assert loud(left, 0, keys[0] - 2.0)
    assert loud(right, 0, keys[0] - 2.0), "the question for it may be heard"


async def test_recording_begins_when_it_was_announced(tmp_path):
    rules = RecordingRules(own=True, announcement="This call is recorded.")
    call, told, stored, (left, right) = await recorded(tmp_path, rules=rules)
    assert told.dialogue[0].startswith(" / This call is recorded. ")
    [announced] = [at for _, at, name, _ in told.facts if name == "announced"]
    late = shift(right, call.ear.agent_track) / 1000
    assert late == pytest.approx(announced, abs=0.1)
    assert late > 0.8
    assert stored.record.announced
    matches(call, left, right)


async def test_consent_that_was_given_before_records_the_announcement_too(tmp_path):
    rules = RecordingRules(own=True, announcement="This call is recorded.", consent="given")
    call, _, _, (left, right) = await recorded(tmp_path, rules=rules)
    assert shift(right, call.ear.agent_track) < 300
    matches(call, left, right)


async def test_an_announcement_cannot_be_talked_over(tmp_path):
    rules = RecordingRules(own=True, announcement="This call is recorded for training and for quality.")
    script = CallerScript(Say("What are your opening hours?", after=AgentSpeaking(0.3)), Say("Goodbye"))
    _, told, _, _ = await recorded(tmp_path, script, rules=rules)
    assert told.dialogue[0].startswith(" / This call is recorded for training and for quality.")


async def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path, monkeypatch):
    def full(file, data, *, real=os.write):
        if file.tell() > 100_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file.fileno(), data)

    monkeypatch.setattr("phoneagent.store.recordings._write_all", full)
    call, told, stored, (left, _) = await recorded(tmp_path)
    assert call.ended_by == "agent"
    assert told.of("recording_failed") == [{"problem": "No space left on device"}]
    assert stored.record.recording == "failed"
    assert stored.record.recording_problem == "No space left on device"
    assert 5.0 < len(left) / 8000 < 8.0, "what fitted is kept"


async def test_a_folder_that_cannot_be_written_is_told_and_the_call_goes_on(tmp_path):
    folder = tmp_path / "recordings"
    folder.write_text("a file where a folder should be")
    async with world(agent(recording=GIVEN), recordings=str(folder)) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=HOURS)
        record = await running.app.state.switchboard.look_up_record(call.call)
    assert call.ended_by == "agent"
    assert record.recording == "failed"
    assert "recordings" in record.recording_problem
    assert len(told.of("recording_failed")) == 1


async def test_a_call_that_is_carried_on_has_both_pieces(tmp_path):
    script = CallerScript(Say("What are your opening hours?"), Say("Yes"), Say("Goodbye"), patience=60.0)
    async with world(agent(recording=GIVEN), recordings=str(tmp_path)) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.dialogue) > 1)
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped for the test", violation=True)
        call = await placed.ended
        await asyncio.sleep(1.0)
        url = f"{running.url}/v1/calls/{call.call}/recording"
        async with aiohttp.ClientSession(headers=KEY) as session, session.get(url) as answer:
            whole = await answer.read()
    assert len(list(tmp_path.glob("*.wav"))) == 2
    left, right = tracks(whole)
    matches(call, left, right, within=100.0)


async def test_an_agent_that_records_needs_a_place_for_it():
    with pytest.raises(SettingsError, match="PHONEAGENT_RECORDINGS: expected a folder"):
        async with world(agent(recording=GIVEN)):
            pass


async def test_what_a_dead_process_has_left_is_completed(tmp_path):
    folder = RecordingFolder.open(str(tmp_path))
    alive = await folder.create("CAalive", 1.0, keep_days=30)
    dead = await folder.create("CAdead", 2.0, keep_days=30)
    for file in (alive, dead):
        await file.write(b"\x00\x7f" * 800)
    dead._file.close()  # as the kernel does, and its lock is gone
    with (tmp_path / ".spool" / "CAdead.2000.30d.wav.part").open("ab") as cut:
        cut.write(b"\x00")  # half a sample
    assert await folder.recover() == ("CAdead",)
    assert await folder.recover() == ()
    [kept] = await folder.all()
    assert (kept.call, kept.began, kept.keep_days) == ("CAdead", 2.0, 30)
    assert tracks((tmp_path / kept.name).read_bytes()) == (b"\x00" * 800, b"\x7f" * 800)
    await alive.finish()
    assert [one.call for one in await folder.all()] == ["CAalive", "CAdead"]
    await folder.aclose()


async def test_a_library_that_is_missing_is_named():
    with pytest.raises(RecordingError, match=r"phoneagent\[s3\]"):
        RecordingFolder.open("s3://bucket/folder")
    with pytest.raises(RecordingError, match="nowhere"):
        RecordingFolder.open("nowhere://bucket/folder")


async def test_an_operator_pauses_a_recording_and_it_goes_on(tmp_path):
    script = CallerScript(
        Say("What are your opening hours?"), Say("Yes"), Say("What are your opening hours?"), Say("Goodbye")
    )
    async with world(agent(recording=GIVEN), recordings=str(tmp_path)) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=script)
        async with aiohttp.ClientSession(headers=KEY) as session:
            calls = f"{running.url}/v1/calls"
            await told.until(lambda: len(told.dialogue) == 2)
            paused = running.app.state.switchboard.live(placed.sid).now()
            async with session.post(f"{calls}/{placed.sid}/recording/pause") as answer:
                assert answer.status == 204
            await told.until(lambda: len(told.dialogue) == 3)
            resumed = running.app.state.switchboard.live(placed.sid).now()
            async with session.post(f"{calls}/{placed.sid}/recording/resume") as answer:
                assert answer.status == 204
            async with session.get(f"{calls}/{placed.sid}/recording") as answer:
                assert answer.status == 404
                assert (await answer.json())["type"].endswith("no-recording")
            call = await placed.ended
            await asyncio.sleep(1.0)
            async with session.get(f"{calls}/{placed.sid}/recording") as answer:
                assert answer.headers["Content-Type"] == "audio/wav"
                whole = await answer.read()
            async with session.get(f"{calls}/{placed.sid}/recording", headers={"Range": "bytes=50-99999"}) as answer:
                assert answer.status == 206
                assert answer.headers["Content-Range"] == f"bytes 50-99999/{len(whole)}"
                assert await answer.read() == whole[50:100_000]
            async with session.get(f"{calls}/{placed.sid}/recording", headers={"Range": "bytes=999999999-"}) as answer:
                assert answer.status == 416
    left, right = tracks(whole)
    late = shift(left, call.ear.caller_track) / 1000
    for track, heard in ((left, call.ear.caller_track), (right, call.ear.agent_track)):
        assert loud(heard, paused + late, resumed + late), "there was something to hear"
        assert not loud(track, paused + 0.1, resumed - 0.1)
        assert loud(track, 0.5, paused)
        assert loud(track, resumed, len(track) / 8000)
    assert told.of("recording_paused")
    assert told.of("recording_resumed")


async def test_what_is_too_old_is_deleted_and_nothing_else(tmp_path):
    day = 24 * 3600.0
    folder = RecordingFolder.open(str(tmp_path))
    (tmp_path / "notes.wav").write_text("somebody else's")
    for began, days in ((0.0, 30), (1.0, 0), (5 * day, 30)):
        file = await folder.create("CA1", began, keep_days=days)
        await file.write(b"\x00\x00" * 80)
        await file.finish()
    keeper = RecordingKeeper(folder, MemoryStore(), owner="here", now=lambda: 30 * day)
    assert await keeper.expire() == 1
    assert [kept.began for kept in await folder.find("CA1")] == [1.0, 5 * day]
    assert (tmp_path / "notes.wav").exists()
    await folder.aclose()


async def test_a_bucket_that_is_away_gets_the_recording_later(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    folder = RecordingFolder.open("memory://bucket/calls")
    put = folder._filesystem.put_file

    def away(*_):
        raise PermissionError(13, "Permission denied", "bucket/calls")

    file = await folder.create("CA1", 1.0, keep_days=30)
    await file.write(b"\x00\x7f" * 80)
    monkeypatch.setattr(folder._filesystem, "put_file", away)
    with pytest.raises(RecordingError, match="Permission denied: bucket/calls"):
        await file.finish()
    monkeypatch.setattr(folder._filesystem, "put_file", put)
    assert await folder.find("CA1") == ()
    assert await folder.recover() == ("CA1",)
    [kept] = await folder.find("CA1")
    assert tracks(await folder.read(kept, 0, kept.size)) == (b"\x00" * 80, b"\x7f" * 80)
    await folder.delete([kept])
    await folder.delete([kept])
    assert await folder.all() == ()
    await folder.aclose()


DIES = """
import asyncio, os, resource, signal, sys
from phoneagent.errors import RecordingError
from phoneagent.store.recordings import RecordingFolder

async def main(folder, how):
    kept = RecordingFolder.open(folder)
    file = await kept.create("CA1", 1.0, keep_days=30)
    if how == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        for _ in range(3):
            await file.write(b"\\x00\\x7f" * 4000)
    except RecordingError as error:
        print(error)
        await file.finish()
        return
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(("how", "size", "said"), [("killed", 24_000, ""), ("full", 20_000 - 58, "File too large\n")])
async def test_a_process_that_is_killed_or_finds_no_room_leaves_a_file_that_plays(tmp_path, how, size, said):
    died = subprocess.run(  # noqa: ASYNC221  # nothing else runs
        [sys.executable, "-c", DIES, str(tmp_path), how], capture_output=True, text=True, check=False
    )
    assert (died.returncode, died.stdout) == ((-9, "") if how == "killed" else (0, said)), died.stderr
    folder = RecordingFolder.open(str(tmp_path))
    assert await folder.recover() == (("CA1",) if how == "killed" else ())
    [kept] = await folder.find("CA1")
    left, right = tracks((tmp_path / kept.name).read_bytes())
    assert (left, right) == (b"\x00" * (size // 2), b"\x7f" * (size // 2))
    await folder.aclose()


async def test_a_recording_that_ends_after_its_folder_is_left_to_the_next_process(tmp_path):
    folder = RecordingFolder.open(str(tmp_path))
    file = await folder.create("CA1", 1.0, keep_days=30)
    await file.write(b"\xff\x7f" * 800)
    await folder.aclose()
    with pytest.raises(RecordingError):
        await file.finish()
    following = RecordingFolder.open(str(tmp_path))
    assert await following.recover() == ("CA1",)
    assert len(await following.find("CA1")) == 1
    await following.aclose()
