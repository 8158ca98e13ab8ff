#include "tessera/training/event_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

class EventFileTest : public test::TemporaryFolder {};

/// Reads what the format's description says, without the writer's code.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  bool done() const { return at_ == bytes_.size(); }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = number<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::string take(std::size_t count) {
    if (at_ + count > bytes_.size()) fail("the data end early");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

struct Event {
  double time = 0;
  std::int64_t step = 0;
  std::string version;
  bool starts = false;
  std::map<std::string, float> scalars;
};

std::pair<std::string, float> parse_value(const std::string& bytes) {
  std::pair<std::string, float> value;
  for (Reader reader(bytes); !reader.done();) {
    const auto key = reader.varint();
    if (key == (1 << 3 | 2))
      value.first = reader.take(reader.varint());
    else if (key == (2 << 3 | 5))
      value.second = reader.number<float>();
    else
      fail("unknown field {}", key);
  }
  return value;
}

Event parse_event(const std::string& bytes) {
  Event event;
  for (Reader reader(bytes); !reader.done();) {
    switch (reader.varint()) {
      case 1 << 3 | 1:
        event.time = reader.number<double>();
        break;
      case 2 << 3 | 0:
        event.step = static_cast<std::int64_t>(reader.varint());
        break;
      case 3 << 3 | 2:
        event.version = reader.take(reader.varint());
        break;
      case 5 << 3 | 2:
        for (Reader summary(reader.take(reader.varint())); !summary.done();) {
          if (summary.varint() != (1 << 3 | 2)) fail("a summary holds values only");
          event.scalars.insert(parse_value(summary.take(summary.varint())));
        }
        break;
      case 7 << 3 | 2:
        event.starts = reader.take(reader.varint()) == std::string("\x08\x01");
        break;
      default:
        fail("unknown field of an event");
    }
  }
  return event;
}

std::vector<Event> read_events(const std::filesystem::path& folder) {
  std::vector<Event> events;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(entry.path().filename().string().starts_with("events.out.tfevents."));
    const auto bytes = read_file(entry.path());
    for (Reader reader(std::string(bytes.begin(), bytes.end())); !reader.done();) {
      const auto unmask = [](std::uint32_t masked) {
        const std::uint32_t turned = masked - 0xa282ead8U;
        return turned >> 17 | turned << 15;
      };
      const std::string length = reader.take(8);
      EXPECT_EQ(unmask(reader.number<std::uint32_t>()), crc32c(length));
      std::uint64_t size = 0;
      std::memcpy(&size, length.data(), sizeof size);
      const std::string data = reader.take(size);
      EXPECT_EQ(unmask(reader.number<std::uint32_t>()), crc32c(data));
      events.push_back(parse_event(data));
    }
  }
  return events;
}

TEST(Crc32c, HasTheStandardsCheckValue) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
}

TEST_F(EventFileTest, HoldsScalarsByStep) {
  EventFile file(folder_, 0);
  file.add(50, {{"loss", 2.5}, {"lr", 1e-4}});
  file.add(1000000, {{"PQ All", 51.9}});
  const auto events = read_events(folder_);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_GT(events[0].time, 1.7e9);
  EXPECT_EQ(events[1].step, 50);
  EXPECT_EQ(events[1].scalars, (std::map<std::string, float>{{"loss", 2.5F}, {"lr", 1e-4F}}));
  EXPECT_EQ(events[2].step, 1000000);
  EXPECT_EQ(events[2].scalars.at("PQ All"), 51.9F);
}

TEST_F(EventFileTest, SaysWhereATrainingGoesOn) {
  const EventFile file(folder_, 300);
  const auto events = read_events(folder_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].step, 300);
  EXPECT_TRUE(events[1].starts);
}

TEST_F(EventFileTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW(EventFile(folder_ / "none", 0), Error);
}

}  // namespace
}  // namespace tessera
