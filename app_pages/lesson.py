"""A lesson that asks first and shows what was measured only after an answer."""

from normviz.app import frame, lesson

frame.open_page("lesson")
frame.hide_study()
chosen, minutes = lesson.choose()
lesson.show(chosen, minutes)
frame.close_page("lesson")
