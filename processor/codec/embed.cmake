# cmake -DOUT=FILE.c "-DIN=A.avsc;B.avsc" -P embed.cmake: the files as byte arrays, because a
# string literal may not be longer than 4095 characters.
set(text "/* Made from schemas/ by embed.cmake. */\n#include \"codec/schema_text.h\"\n\n")
set(rows "")
foreach(file ${IN})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "    \\1\n" bytes "${bytes}")
  string(APPEND text "static const char text_${name}[] = {\n${bytes}    0x00};\n\n")
  string(APPEND rows "    {text_${name}, sizeof(text_${name}) - 1},\n")
endforeach()
string(APPEND text "const struct slice schema_texts[] = {\n${rows}};\n")
file(WRITE ${OUT} "${text}")
