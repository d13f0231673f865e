# cmake -DOUTPUT=FILE.cpp -DFILES=name=path,name=path -P embed.cmake
# Writes a C++ file that holds the content of each file.
set(contents "")
set(entries "")
string(REPLACE "," ";" FILES "${FILES}")
foreach(entry IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${entry}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(MAKE_C_IDENTIFIER ${name} identifier)
  string(APPEND contents "constexpr char ${identifier}[] = {${bytes}};\n")
  string(APPEND entries "    {\"${name}\", {${identifier}, sizeof(${identifier})}},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"report/embedded.hpp\"

namespace autonba {
namespace {
${contents}
constexpr EmbeddedFile files[] = {
${entries}};
}  // namespace

std::span<const EmbeddedFile> embedded_files() { return files; }

}  // namespace autonba
")
