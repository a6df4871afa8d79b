/* `floorwalker alert`: what a person has to say about an alert, sent as an AlertCommand. */
#pragma once

int alert_main(int argc, char **argv);
