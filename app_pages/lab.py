"""Train the norms live, side by side, in lockstep on the same batches."""

import streamlit as st

from normviz.app import experiment, frame, lab, lab_network, steering

frame.open_page("lab")
frame.hide_study()

settings = lab.open_lab()
demo = lab.choose_demo()
training = lab.may_train(settings)
design = lab_network.chosen() if training else ""
lab_network.show(design)
setup = lab.choose_setup(demo, settings, design) if training else None

guess = lab.choose_guess(setup) if setup else ("", "")
time = st.container()
steering.show_start(settings, setup, demo, guess)
if setup is not None:
    with time:
        lab.show_time(setup, settings)  # after the buttons: it may begin the page anew, which would forget a click

run = steering.find_run(settings)
if st.session_state.get("replaying"):
    experiment.replay(demo)
elif run is not None:
    state = run.state()  # once: it may change before the page is drawn
    if training:
        steering.steer(run, state, settings)
    experiment.show_live(run, state, settings, steering.choose_overlay(settings, run))
    if training:
        steering.show_kept(settings, run, state)

frame.close_page("lab")
