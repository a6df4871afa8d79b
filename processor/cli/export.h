/* `floorwalker export`: a topic range as Avro container files. */
#pragma once

int export_main(int argc, char **argv);
