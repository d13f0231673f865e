# cmake -DOUTPUT=FILE.cpp -DFILES=name=file,name=file -P embed.cmake
# Writes a C++ file with a function autonba::embedded::NAME() for the content of each file.
set(code "#include \"report/embedded.hpp\"\n\nnamespace autonba::embedded {\n")
string(REPLACE "," ";" FILES "${FILES}")
foreach(entry IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${entry}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND code "static constexpr char ${name}_bytes[] = {${bytes}};\n"
    "std::string_view ${name}() { return {${name}_bytes, sizeof(${name}_bytes)}; }\n")
endforeach()
file(WRITE "${OUTPUT}" "${code}}  // namespace autonba::embedded\n")
