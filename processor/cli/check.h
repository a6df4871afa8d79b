/* `floorwalker check`: settings and contracts, every fault with file, line and remedy. */
#pragma once

/* argv[0] is the name of the command. The exit status: 0 nothing wrong, 2 faults or bad usage. */
int check_main(int argc, char **argv);
