"""The product under load, in real time: how many calls a core it carries, and when its callers hear it.

The server runs in a process of its own; simulated Twilio, Deepgram, OpenAI and ElevenLabs and the callers run in this
one, so that everything that is compared was read off one clock.
"""
