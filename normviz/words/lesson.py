"""What the page of the lessons says."""

ALONE = "Go through it alone here, or open a room: your class votes with its phones before it sees."
NO_LESSON = "No lesson can be used: {problems}"
DONE = "You have gone through the lesson. What you said stays beside what was measured."
