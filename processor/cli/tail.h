/* `floorwalker tail`: alerts as they come, one readable line each. */
#pragma once

int tail_main(int argc, char **argv);
