"""The demo: invented institutions and people, real questions and laws, lectures it makes itself."""
