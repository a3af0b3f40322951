"""phoneagent: the telephone agent that you run yourself."""
