/* `floorwalker backtest`: what contracts would have said on past events. */
#pragma once

int backtest_main(int argc, char **argv);
