#include "tessera/training/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// The checksum as it stands in a record: turned and shifted, since data may hold checksums too.
std::uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8U;
}

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

enum class Wire : std::uint8_t { kVarint = 0, k64Bits = 1, kBytes = 2, k32Bits = 5 };

std::string key(int field, Wire wire) {
  return varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
}

std::string text_field(int field, std::string_view bytes) {
  return key(field, Wire::kBytes) + varint(bytes.size()) + std::string(bytes);
}

std::string event_head(std::int64_t step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return key(1, Wire::k64Bits) + little_endian(std::chrono::duration<double>(now).count()) +
         key(2, Wire::kVarint) + varint(static_cast<std::uint64_t>(step));
}

std::string host_name() {
  std::array<char, 256> name = {};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table;
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      table[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        table[i] = table[i] >> 1 ^ ((table[i] & 1) != 0 ? 0x82f63b78U : 0);
    }
    return table;
  }();
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~crc;
}

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t first_step) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  path_ =
      folder / fmt::format("events.out.tfevents.{:010}.{}.{}", seconds, host_name(), ::getpid());
  file_.open(path_, std::ios::binary);
  constexpr int kFileVersion = 3, kSessionLog = 7, kStatus = 1, kStart = 1;
  write_record(event_head(0) + text_field(kFileVersion, "brain.Event:2"));
  if (first_step > 0)
    write_record(event_head(first_step) +
                 text_field(kSessionLog, key(kStatus, Wire::kVarint) + varint(kStart)));
}

void EventFile::add(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  constexpr int kSummary = 5, kValue = 1, kTag = 1, kSimpleValue = 2;
  std::string summary;
  for (const auto& [name, value] : scalars)
    summary += text_field(kValue, text_field(kTag, name) + key(kSimpleValue, Wire::k32Bits) +
                                      little_endian(static_cast<float>(value)));
  write_record(event_head(step) + text_field(kSummary, summary));
}

void EventFile::write_record(std::string_view message) {
  const std::string length = little_endian(static_cast<std::uint64_t>(message.size()));
  file_ << length << little_endian(masked_crc(length)) << message
        << little_endian(masked_crc(message)) << std::flush;
  if (!file_) fail("{}: cannot be written; is the disk full?", path_.string());
}

}  // namespace tessera
