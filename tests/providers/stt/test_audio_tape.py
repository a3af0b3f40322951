"""The caller's audio between the line and the sockets."""

from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.stt.audio_tape import FRAME, AudioTape


def frames(first, count):
    return b"".join(bytes([number % 256]) * FRAME for number in range(first, first + count))


def test_what_is_added_comes_out_in_pieces():
    tape = AudioTape()
    tape.add(frames(0, 5))
    assert tape.take(640) == frames(0, 4)
    assert tape.take(640) == frames(4, 1)
    assert tape.take(640) == b""


def test_what_was_taken_comes_again_after_a_rewind():
    tape = AudioTape()
    tape.add(frames(0, 20))
    tape.take(20 * FRAME)
    assert tape.rewind(15 * FRAME + 7) == 15 * FRAME
    assert tape.take(9999) == frames(15, 5)


def test_a_rewind_goes_no_further_than_the_tape():
    tape = AudioTape(keep=10 * FRAME)
    for number in range(200):
        tape.add(frames(number, 1))
        tape.take(FRAME)
    assert tape.rewind(0) == 190 * FRAME
    assert tape.take(9999) == frames(190, 10)


def test_what_waits_too_long_is_dropped_from_its_old_end():
    tape = AudioTape(hold=10 * FRAME)
    tape.add(frames(0, 15))
    assert tape.waiting == 10 * FRAME
    assert tape.dropped == 5 * FRAME
    assert tape.take(9999) == frames(5, 10)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 40)),
            st.tuples(st.just("take"), st.integers(1, 3000)),
            st.tuples(st.just("rewind"), st.integers(0, 20_000)),
        ),
        max_size=40,
    )
)
def test_positions_name_the_same_audio_whatever_happens(steps):
    """What is at a position when it is first taken is there whenever it is taken again."""
    tape = AudioTape(keep=12 * FRAME, hold=100_000 * FRAME)
    known: dict[int, int] = {}
    added = 0
    for step, amount in steps:
        if step == "add":
            tape.add(frames(added, amount))
            added += amount
        elif step == "take":
            position = tape.position
            for offset, sample in enumerate(tape.take(amount)):
                assert known.setdefault(position + offset, sample) == sample
        else:
            before = tape.position
            assert tape.rewind(amount) <= before
        assert 0 <= tape.oldest <= tape.position
