/* `floorwalker run`: the processor. */
#pragma once

int run_main(int argc, char **argv);
