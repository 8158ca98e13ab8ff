#include "tessera/checkpoint/zip.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>

#include "tessera/core/error.h"

namespace tessera {
namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
constexpr std::uint64_t kAlignment = 64;

/// Bytes of a record, taken from the front.
class Cursor {
 public:
  Cursor(Span bytes, std::uint64_t at) : bytes_(bytes), at_(at) {
    if (at > bytes.size()) truncated();
  }
  template <class T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  Span take_bytes(std::uint64_t count) {
    if (count > bytes_.size() - at_) truncated();
    const Span piece = bytes_.subspan(at_, count);
    at_ += count;
    return piece;
  }
  std::uint64_t at() const { return at_; }
  bool done() const { return at_ == bytes_.size(); }

 private:
  [[noreturn]] static void truncated() {
    fail("the zip archive is truncated or its table of contents lies");
  }
  Span bytes_;
  std::uint64_t at_;
};

std::uint64_t find_end(Span archive) {
  constexpr std::uint64_t kSize = 22, kMaxComment = 65535;
  for (std::uint64_t back = kSize; back <= archive.size() && back <= kSize + kMaxComment; ++back) {
    const std::uint64_t at = archive.size() - back;
    if (Cursor(archive, at).take<std::uint32_t>() == kEnd) return at;
  }
  fail("the zip archive's table of contents is missing; the file is truncated");
}

struct Directory {
  std::uint64_t count;
  std::uint64_t offset;
};

Directory find_directory(Span archive) {
  const std::uint64_t end = find_end(archive);
  Cursor record(archive, end + 10);
  Directory directory{record.take<std::uint16_t>(), 0};
  record.take_bytes(4);
  directory.offset = record.take<std::uint32_t>();
  if (directory.count != 0xFFFF && directory.offset != kIn64) return directory;
  if (end < 20) fail("the zip archive's zip64 record is missing");
  Cursor locator(archive, end - 20);
  if (locator.take<std::uint32_t>() != kLocator64) return directory;
  locator.take_bytes(4);
  Cursor record64(archive, locator.take<std::uint64_t>());
  if (record64.take<std::uint32_t>() != kEnd64) fail("the zip archive's zip64 record is missing");
  record64.take_bytes(28);
  directory.count = record64.take<std::uint64_t>();
  record64.take_bytes(8);
  directory.offset = record64.take<std::uint64_t>();
  return directory;
}

/// Replaces the sizes that the 32-bit fields could not hold by those of the zip64 extra field.
void read_zip64(Span extra, std::initializer_list<std::uint64_t*> fields) {
  Cursor cursor(extra, 0);
  while (!cursor.done()) {
    const auto id = cursor.take<std::uint16_t>();
    const Span body = cursor.take_bytes(cursor.take<std::uint16_t>());
    if (id != 1) continue;
    Cursor values(body, 0);
    for (std::uint64_t* field : fields)
      if (*field == kIn64) *field = values.take<std::uint64_t>();
    return;
  }
}

ZipEntry read_entry(Span archive, Cursor& central) {
  if (central.take<std::uint32_t>() != kCentralHeader)
    fail("the zip archive's table of contents is damaged");
  central.take_bytes(4);
  const auto flags = central.take<std::uint16_t>();
  const auto method = central.take<std::uint16_t>();
  central.take_bytes(4);
  ZipEntry entry;
  entry.crc32 = central.take<std::uint32_t>();
  std::uint64_t packed = central.take<std::uint32_t>();
  std::uint64_t size = central.take<std::uint32_t>();
  const auto name_length = central.take<std::uint16_t>();
  const auto extra_length = central.take<std::uint16_t>();
  const auto comment_length = central.take<std::uint16_t>();
  central.take_bytes(8);
  std::uint64_t offset = central.take<std::uint32_t>();
  const Span name = central.take_bytes(name_length);
  entry.name.assign(name.begin(), name.end());
  read_zip64(central.take_bytes(extra_length), {&size, &packed, &offset});
  central.take_bytes(comment_length);
  entry.stored = method == 0 && packed == size && (flags & 1) == 0;
  Cursor local(archive, offset);
  if (local.take<std::uint32_t>() != kLocalHeader)
    fail("entry '{}' is not where the table of contents says", entry.name);
  local.take_bytes(22);
  const auto local_name = local.take<std::uint16_t>();
  const auto local_extra = local.take<std::uint16_t>();
  local.take_bytes(std::uint64_t{local_name} + local_extra);
  entry.bytes = local.take_bytes(packed);
  return entry;
}

/// Little-endian fields of a record.
class Record {
 public:
  template <class T>
  Record& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Record& text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, kIn64));
}

}  // namespace

std::vector<ZipEntry> read_zip(Span archive) {
  const Directory directory = find_directory(archive);
  Cursor central(archive, directory.offset);
  std::vector<ZipEntry> entries;
  for (std::uint64_t i = 0; i < directory.count; ++i)
    entries.push_back(read_entry(archive, central));
  return entries;
}

void ZipWriter::add(const std::string& name, Span bytes) {
  Written entry{name, bytes.size(), file_.size(), libdeflate_crc32(0, bytes.data(), bytes.size())};
  Record extra;
  if (entry.size >= kIn64)
    extra.put<std::uint16_t>(1).put<std::uint16_t>(16).put(entry.size).put(entry.size);
  constexpr std::uint64_t kFixed = 30, kPadHeader = 4;
  const std::uint64_t data =
      entry.offset + kFixed + name.size() + extra.bytes().size() + kPadHeader;
  const std::uint64_t padding = (kAlignment - data % kAlignment) % kAlignment;
  extra.put<std::uint16_t>(0x4246)
      .put(static_cast<std::uint16_t>(padding))
      .text(std::string(padding, 'Z'));
  Record header;
  header.put(kLocalHeader).put<std::uint16_t>(45).put<std::uint16_t>(0).put<std::uint16_t>(0);
  header.put<std::uint32_t>(0).put(entry.crc32).put(low(entry.size)).put(low(entry.size));
  header.put(static_cast<std::uint16_t>(name.size()))
      .put(static_cast<std::uint16_t>(extra.bytes().size()));
  file_.write(header.text(name).text(extra.bytes()).bytes());
  file_.write(bytes);
  entries_.push_back(std::move(entry));
}

void ZipWriter::finish() {
  const std::uint64_t begin = file_.size();
  for (const Written& entry : entries_) {
    Record extra, body;
    if (entry.size >= kIn64) body.put(entry.size).put(entry.size);
    if (entry.offset >= kIn64) body.put(entry.offset);
    if (!body.bytes().empty())
      extra.put<std::uint16_t>(1)
          .put(static_cast<std::uint16_t>(body.bytes().size()))
          .text(body.bytes());
    Record header;
    header.put(kCentralHeader).put<std::uint16_t>(45).put<std::uint16_t>(45);
    header.put<std::uint16_t>(0).put<std::uint16_t>(0).put<std::uint32_t>(0).put(entry.crc32);
    header.put(low(entry.size)).put(low(entry.size));
    header.put(static_cast<std::uint16_t>(entry.name.size()))
        .put(static_cast<std::uint16_t>(extra.bytes().size()));
    header.put<std::uint16_t>(0).put<std::uint16_t>(0).put<std::uint16_t>(0).put<std::uint32_t>(0);
    header.put(low(entry.offset)).text(entry.name).text(extra.bytes());
    file_.write(header.bytes());
  }
  const std::uint64_t end = file_.size();
  const std::uint64_t count = entries_.size();
  Record tail;
  if (count >= 0xFFFF || end >= kIn64) {
    tail.put(kEnd64).put<std::uint64_t>(44).put<std::uint16_t>(45).put<std::uint16_t>(45);
    tail.put<std::uint32_t>(0).put<std::uint32_t>(0).put(count).put(count);
    tail.put(end - begin).put(begin);
    tail.put(kLocator64).put<std::uint32_t>(0).put(end).put<std::uint32_t>(1);
  }
  const auto short_count = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, 0xFFFF));
  tail.put(kEnd).put<std::uint16_t>(0).put<std::uint16_t>(0).put(short_count).put(short_count);
  tail.put(low(end - begin)).put(low(begin)).put<std::uint16_t>(0);
  file_.write(tail.bytes());
}

}  // namespace tessera
