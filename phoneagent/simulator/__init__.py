"""Twilio, Deepgram, OpenAI and ElevenLabs on one's own machine, and callers who talk to an agent through them."""
