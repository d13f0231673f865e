#include "base/yaml.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"

namespace autonba {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

YamlMap example() {
  return YamlMap::parse(
      "name: first\n"
      "space:\n"
      "  bits: 40\n"
      "  rate: 0.5\n"
      "  sizes: [1, 2, 3]\n",
      "my.yaml");
}

/// What `call` complains about.
template <typename Call>
std::string complaint(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Yaml, ValuesAreReadByType) {
  const YamlMap map = example();
  EXPECT_EQ(map.text("name"), "first");
  EXPECT_EQ(map.map("space").integer("bits", 0, 100), 40);
  EXPECT_EQ(map.map("space").number("rate", 0, 1), 0.5);
  EXPECT_THAT(map.map("space").integers("sizes", 1, 3), testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(map.map("space").integer("missing", 0, 9, 7), 7);
}

TEST(Yaml, AValueOutOfRangeNamesFileLineKeyAndRange) {
  EXPECT_EQ(complaint([] { example().map("space").integer("bits", 2, 8); }),
            "my.yaml:3: space.bits: 40 is not between 2 and 8");
}

TEST(Yaml, AWrongTypeIsNamed) {
  EXPECT_EQ(complaint([] { example().integer("name", 0, 9); }), "my.yaml:1: name: \"first\" is not a whole number");
  EXPECT_EQ(complaint([] { example().integer("space", 0, 9); }), "my.yaml:3: space: one value was expected");
  EXPECT_EQ(complaint([] { example().map("name"); }), "my.yaml:1: name: a mapping of keys was expected");
  EXPECT_EQ(complaint([] { example().map("space").integer("rate", 0, 9); }),
            "my.yaml:4: space.rate: \"0.5\" is not a whole number");
}

TEST(Yaml, NumbersMustBeFinite) {
  const YamlMap map = YamlMap::parse("a: .nan\nb: .inf\nc: nan\n", "my.yaml");
  for (const char* key : {"a", "b", "c"}) {
    EXPECT_THAT(complaint([&] { map.number(key, 0, 1); }), HasSubstr("is not a number"));
  }
}

TEST(Yaml, AMisspeltKeyIsAnsweredWithTheNearestOne) {
  const YamlMap map = YamlMap::parse("epochs: 3\nepocs_search: 1\nbtach: 4\n", "my.yaml");
  map.integer("epochs", 0, 9);
  map.has("epochs_search");
  EXPECT_EQ(complaint([&] { map.close(); }),
            "my.yaml:2: epocs_search: is not a key that is known here; did you mean `epochs_search`?");
  map.has("epocs_search");
  map.has("batch");
  EXPECT_THAT(complaint([&] { map.close(); }), HasSubstr("did you mean `batch`?"));
}

TEST(Yaml, AMissingKeyIsNamedAtItsMapping) {
  EXPECT_EQ(complaint([] { example().map("space").text("kind"); }), "my.yaml:3: space.kind: is missing");
}

TEST(Yaml, AChoiceIsOneOfAList) {
  const std::vector<std::string> allowed = {"das", "random"};
  const YamlMap map = YamlMap::parse("engine: radnom\n", "my.yaml");
  EXPECT_EQ(complaint([&] { map.choice("engine", allowed); }),
            "my.yaml:1: engine: \"radnom\" is not das or random; did you mean \"random\"?");
}

TEST(Yaml, ADoubledKeyIsRefused) {
  EXPECT_THAT(complaint([] { YamlMap::parse("a: 1\nb: 2\na: 3\n", "my.yaml"); }), HasSubstr("stands here twice"));
  const YamlMap map = YamlMap::parse("logic:\n  lut: 1\n  lut: 2\n", "my.yaml");
  EXPECT_THAT(complaint([&] { map.map("logic"); }), HasSubstr("logic.lut: stands here twice"));
}

TEST(Yaml, DamagedTextNamesTheLine) {
  EXPECT_THAT(complaint([] { YamlMap::parse("a: 1\nb: [1, 2\n", "my.yaml"); }), HasSubstr("my.yaml:"));
  EXPECT_THAT(complaint([] { YamlMap::parse("just words", "my.yaml"); }), HasSubstr("a mapping of keys was expected"));
}

TEST(Yaml, OverridesReachIntoMappings) {
  YamlMap map = example();
  map.override("space.bits=6");
  map.override("search.epochs=2");
  EXPECT_EQ(map.map("space").integer("bits", 2, 8), 6);
  EXPECT_EQ(map.map("search").integer("epochs", 1, 9), 2);
  EXPECT_EQ(map.text("name"), "first");
  EXPECT_THAT(complaint([&] { map.override("name.x=1"); }), HasSubstr("name is not a mapping"));
  EXPECT_THAT(complaint([&] { map.override("novalue"); }), HasSubstr("expected key=value"));
}

}  // namespace
}  // namespace autonba
