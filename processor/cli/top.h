/* `floorwalker top`: a live terminal board of one tenant, from Redis. */
#pragma once

int top_main(int argc, char **argv);
