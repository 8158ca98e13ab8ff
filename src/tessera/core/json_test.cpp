#include "tessera/core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tessera/core/error.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class JsonTest : public test::TemporaryFolder {
 protected:
  std::filesystem::path write(std::string_view text) {
    const auto path = folder_ / "a.json";
    write_text_file(path, text);
    return path;
  }
};

TEST_F(JsonTest, WalksListsAndReadsMembers) {
  const JsonFile file(write(R"({"info": {"a": [1, "]"]}, "none": null,
 "list": [{"id": 1, "name": "x\"]}", "box": [1, 2.5]}, {"id": 2, "name": "y", "box": []}]})"));
  std::vector<std::int64_t> ids;
  std::string names;
  std::vector<double> box;
  file.for_each("list", [&](const JsonValue& value, std::string_view) {
    ids.push_back(value.integer("id"));
    names += value.text("name");
    const auto numbers = value.numbers("box");
    box.insert(box.end(), numbers.begin(), numbers.end());
  });
  EXPECT_THAT(ids, testing::ElementsAre(1, 2));
  EXPECT_EQ(names, "x\"]}y");
  EXPECT_THAT(box, testing::ElementsAre(1, 2.5));
  EXPECT_TRUE(file.has("info"));
  EXPECT_FALSE(file.has("images"));
  file.for_each("none", [](const JsonValue&, std::string_view) { FAIL(); });
}

TEST_F(JsonTest, TruncatedFileNamesThePlace) {
  EXPECT_THAT([&] { JsonFile file(write("{\"list\": [1,\n 2")); },
              ThrowsMessage<Error>(HasSubstr("a.json: broken JSON at line 2")));
  EXPECT_THAT([&] { JsonFile file(write("{\"list\": \"abc")); },
              ThrowsMessage<Error>(HasSubstr("ends inside a string")));
  EXPECT_THAT([&] { JsonFile file(write("{\"list\": []} x")); },
              ThrowsMessage<Error>(HasSubstr("column 14: expected the end of the file")));
  EXPECT_THAT([&] { JsonParser().parse("{\"a\": "); },
              ThrowsMessage<Error>(HasSubstr("broken JSON")));
}

TEST_F(JsonTest, AListIsWalkedEntryByEntry) {
  const JsonFile file(write("[{\"id\": 1},\n {\"id\": \"b\"}]\n"), JsonRoot::kList);
  std::vector<std::int64_t> ids;
  EXPECT_THAT(
      [&] {
        file.for_each_entry(
            [&](const JsonValue& entry, std::string_view) { ids.push_back(entry.integer("id")); });
      },
      ThrowsMessage<Error>(HasSubstr("a.json: line 2, column 2: entry 2: id: expected a whole")));
  EXPECT_THAT(ids, testing::ElementsAre(1));
  EXPECT_THAT([&] { JsonFile list(write("{}"), JsonRoot::kList); },
              ThrowsMessage<Error>(HasSubstr("expected a list")));
  EXPECT_THAT([&] { JsonFile list(write("[1, 2"), JsonRoot::kList); },
              ThrowsMessage<Error>(HasSubstr("line 1, column 6: the file ends early")));
}

TEST_F(JsonTest, WholeNumbersMayBeWrittenAsFractionsButMustFit) {
  JsonParser parser;
  const auto integer = [&](const std::string& number) {
    return parser.parse("{\"id\": " + number + "}").integer("id");
  };
  EXPECT_EQ(integer("3.0"), 3);
  EXPECT_EQ(integer("-9223372036854775808.0"), std::numeric_limits<std::int64_t>::min());
  for (const char* number : {"3.5", "9223372036854775808", "1.1e76", "-1.1e76"})
    EXPECT_THAT([&] { integer(number); },
                ThrowsMessage<Error>(HasSubstr("id: expected a whole number")))
        << number;
}

TEST_F(JsonTest, WrongElementNamesLineNumberAndKey) {
  const JsonFile file(write("{\"list\": [{\"id\": 1},\n {\"id\": \"b\"}]}"));
  EXPECT_THAT(
      [&] {
        file.for_each("list",
                      [](const JsonValue& value, std::string_view) { value.integer("id"); });
      },
      ThrowsMessage<Error>(testing::AllOf(HasSubstr("line 2"), HasSubstr("list[1]"),
                                          HasSubstr("id: expected a whole number"))));
  EXPECT_THAT(
      [&] {
        file.for_each("list", [](const JsonValue& value, std::string_view) { value.text("name"); });
      },
      ThrowsMessage<Error>(HasSubstr("the key 'name' is missing")));
}

}  // namespace
}  // namespace tessera
