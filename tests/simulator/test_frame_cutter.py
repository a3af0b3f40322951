"""Frames as the library writes them, however the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from phoneagent.simulator.frame_cutter import BINARY, TEXT, FrameCutter

KINDS = {Opcode.TEXT: TEXT, Opcode.BINARY: BINARY}


class Reader:
    """What a cutter gave away."""

    def __init__(self, kind=TEXT, *, masked=False):
        self.taken: list[bytes] = []
        self.rest = b""
        self.cutter = FrameCutter(kind, masked=masked, take=self.taken.append, rest=self._leave)

    def _leave(self, data):
        self.rest += data


FRAMES = st.lists(
    st.builds(
        Frame,
        st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG]),
        st.binary(max_size=125),
    ),
    max_size=8,
)


@given(
    FRAMES,
    st.lists(st.integers(126, 3000), max_size=3),
    st.sampled_from([Opcode.TEXT, Opcode.BINARY]),
    st.booleans(),
    st.data(),
)
def test_messages_do_not_depend_on_chunking(frames, lengths, kind, masked, data):
    frames += [Frame(kind, bytes(length)) for length in lengths]
    written = [frame.serialize(mask=masked) for frame in frames]
    whole = b"".join(written)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    reader = Reader(KINDS[kind], masked=masked)
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        reader.cutter.feed(whole[start:end])
    assert [bytes(text) for text in reader.taken] == [bytes(frame.data) for frame in frames if frame.opcode is kind]
    assert reader.rest == b"".join(frame for frame, of in zip(written, frames, strict=True) if of.opcode is not kind)


@pytest.mark.parametrize(
    "odd",
    [
        Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False),
        Frame(Opcode.TEXT, b"begin", fin=False).serialize(mask=False),
        Frame(Opcode.TEXT, bytes(1 << 16)).serialize(mask=False),
        Frame(Opcode.TEXT, b"masked").serialize(mask=True),
        b"\xc1\x05hello",
    ],
    ids=["close", "fragment", "long", "masked", "compressed"],
)
def test_from_the_first_odd_frame_on_all_is_the_librarys(odd):
    usual = Frame(Opcode.TEXT, b"usual").serialize(mask=False)
    reader = Reader()
    reader.cutter.feed(usual + odd[:3])
    reader.cutter.feed(odd[3:] + usual)
    reader.cutter.feed(usual)
    assert reader.taken == [b"usual"]
    assert reader.rest == odd + usual + usual
