#include "tessera/image/sparse_inflate.h"

#include <algorithm>

namespace tessera {
namespace {

// RFC 1950 and 1951 have the format and its numbers.
constexpr std::size_t kSymbols = 288, kDistances = 32, kLengthCodes = 19;
constexpr std::size_t kLongestCode = 15;
constexpr std::size_t kHeader = 2, kChecksum = 4;
constexpr std::size_t kMaxExpansion = 1032;
constexpr std::size_t kSparsity = 16, kFewBytes = 4096;

/// What a code says: a literal byte, the end of the block, or a number from `base` on, with this
/// many more bits behind the code.
struct Meaning {
  static constexpr std::uint8_t kLiteral = 32, kEnd = 64, kNothing = 128;
  std::uint16_t base = 0;
  std::uint8_t extra_bits = kNothing;
};

constexpr std::array<Meaning, kSymbols> symbol_meanings() {
  std::array<Meaning, kSymbols> meanings = {};
  for (std::size_t i = 0; i < 256; ++i)
    meanings[i] = {static_cast<std::uint16_t>(i), Meaning::kLiteral};
  meanings[256] = {0, Meaning::kEnd};
  std::size_t length = 3;
  for (std::size_t i = 0; i < 28; ++i) {
    const std::size_t extra = i < 8 ? 0 : i / 4 - 1;
    meanings[257 + i] = {static_cast<std::uint16_t>(length), static_cast<std::uint8_t>(extra)};
    length += std::size_t{1} << extra;
  }
  meanings[285] = {258, 0};
  return meanings;
}

constexpr std::array<Meaning, kDistances> distance_meanings() {
  std::array<Meaning, kDistances> meanings = {};
  std::size_t distance = 1;
  for (std::size_t i = 0; i < 30; ++i) {
    const std::size_t extra = i < 4 ? 0 : i / 2 - 1;
    meanings[i] = {static_cast<std::uint16_t>(distance), static_cast<std::uint8_t>(extra)};
    distance += std::size_t{1} << extra;
  }
  return meanings;
}

constexpr std::array<Meaning, kLengthCodes> length_code_meanings() {
  std::array<Meaning, kLengthCodes> meanings = {};
  for (std::size_t i = 0; i < kLengthCodes; ++i)
    meanings[i] = {static_cast<std::uint16_t>(i), Meaning::kLiteral};
  return meanings;
}

constexpr std::array kSymbolMeanings = symbol_meanings();
constexpr std::array kDistanceMeanings = distance_meanings();
constexpr std::array kLengthCodeMeanings = length_code_meanings();

/// The bits of a stream, from the lowest of the first byte on. Behind the end come zeros.
class Bits {
 public:
  explicit Bits(std::span<const std::uint8_t> bytes)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// Makes 56 bits or more available, as far as there are any. False when more were taken than
  /// there were.
  bool refill() {
    if (have_ < 0) return false;
    if (end_ - next_ >= 8) {
      // Bits above have_ may be there already; they are the same ones.
      bits_ |= eight_bytes() << have_;
      next_ += (63 - have_) / 8;
      have_ |= 56;
    } else {
      for (; have_ < 56 && next_ != end_; have_ += 8) bits_ |= std::uint64_t{*next_++} << have_;
    }
    return true;
  }
  std::size_t peek(int count) const {
    return static_cast<std::size_t>(bits_ & ((std::uint64_t{1} << count) - 1));
  }
  std::size_t take(int count) {
    const std::size_t taken = peek(count);
    bits_ >>= count;
    have_ -= count;
    return taken;
  }
  void drop_to_byte() { take(have_ & 7); }
  /// The bytes of which no bit was taken; drop_to_byte() came before.
  std::span<const std::uint8_t> rest() const { return {next_ - have_ / 8, end_}; }
  bool overrun() const { return have_ < 0; }

 private:
  std::uint64_t eight_bytes() const {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= std::uint64_t{next_[i]} << (8 * i);
    return value;
  }

  const std::uint8_t* next_;
  const std::uint8_t* end_;
  std::uint64_t bits_ = 0;
  int have_ = 0;
};

/// A meaning with its extra bits read.
struct Word {
  std::uint8_t kind = 0;  ///< as Meaning::extra_bits where that is no number of bits
  std::size_t value = 0;
};

/// A Huffman code. Most codes are found in a table by the next kTableBits bits; the rare longer
/// ones are counted out, length by length.
class Code {
 public:
  /// False unless the codes of these lengths (0 for none) fill all combinations of bits, or are
  /// one code of one bit or none at all.
  bool build(std::span<const std::uint8_t> lengths, std::span<const Meaning> meanings) {
    counts_ = {};
    for (const std::uint8_t length : lengths)
      if (length != 0) ++counts_[length];
    std::array<std::uint16_t, kLongestCode + 2> place = {};
    std::size_t free = 1;  // combinations of so many bits that no code begins
    for (std::size_t length = 1; length <= kLongestCode; ++length) {
      free *= 2;
      if (counts_[length] > free) return false;
      free -= counts_[length];
      place[length + 1] = static_cast<std::uint16_t>(place[length] + counts_[length]);
    }
    const std::size_t codes = place[kLongestCode + 1];
    if (free != 0 && codes != 0 && (codes != 1 || counts_[1] != 1)) return false;
    for (std::size_t i = 0; i < lengths.size(); ++i)
      if (lengths[i] != 0) sorted_[place[lengths[i]]++] = meanings[i];
    fill_table(free == 0);
    return true;
  }

  Word next(Bits& bits) const {
    const Entry entry = table_[bits.peek(kTableBits)];
    if (entry.code_bits == 0) return next_long(bits);
    const int extra = entry.extra_bits & (Meaning::kLiteral - 1);
    const std::size_t taken = bits.take(entry.code_bits + extra);
    return {entry.extra_bits, entry.base + (taken >> entry.code_bits)};
  }

 private:
  static constexpr int kTableBits = 9;
  static constexpr std::size_t kTableSize = std::size_t{1} << kTableBits;
  struct Entry {  // flat, so that it is loaded at once
    std::uint16_t base = 0;
    std::uint8_t extra_bits = 0;
    std::uint8_t code_bits = 0;  ///< 0: the code is longer or there is none
  };

  void fill_table(bool complete) {
    // Longer codes come last: what no code of the table's overwrites is theirs.
    if (!complete || std::any_of(counts_.begin() + kTableBits + 1, counts_.end(),
                                 [](std::uint16_t count) { return count != 0; }))
      table_.fill({});
    std::size_t index = 0, reversed = 0;  // a stream has a code's highest bit first
    for (std::size_t length = 1; length <= kTableBits; ++length)
      for (std::size_t n = 0; n < counts_[length]; ++n) {
        const Meaning meaning = sorted_[index++];
        const Entry entry = {meaning.base, meaning.extra_bits, static_cast<std::uint8_t>(length)};
        for (std::size_t i = reversed; i < kTableSize; i += std::size_t{1} << length)
          table_[i] = entry;
        // Adds one to the code, read from its highest bit; the next length appends zeros.
        std::size_t bit = std::size_t{1} << (length - 1);
        for (; (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
        reversed |= bit;
      }
  }

  Word next_long(Bits& bits) const {
    std::size_t code = 0, first = 0, index = 0;
    for (std::size_t length = 1; length <= kLongestCode; ++length) {
      code = code << 1 | bits.take(1);
      first <<= 1;
      if (code < first + counts_[length]) {
        const Meaning meaning = sorted_[index + code - first];
        return {meaning.extra_bits,
                meaning.base + bits.take(meaning.extra_bits & (Meaning::kLiteral - 1))};
      }
      first += counts_[length];
      index += counts_[length];
    }
    return {Meaning::kNothing, 0};
  }

  std::array<std::uint16_t, kLongestCode + 1> counts_ = {};  ///< codes of each length
  std::array<Meaning, kSymbols> sorted_;                     ///< by code
  std::array<Entry, kTableSize> table_;
};

/// The lengths of a block's codes: those of its symbols, then those of its distances.
struct CodeLengths {
  std::array<std::uint8_t, kSymbols + kDistances> all = {};
  std::size_t symbols = kSymbols, distances = kDistances;

  std::span<const std::uint8_t> of_symbols() const { return std::span(all).first(symbols); }
  std::span<const std::uint8_t> of_distances() const {
    return std::span(all).subspan(symbols, distances);
  }
};

CodeLengths fixed_lengths() {
  CodeLengths lengths;
  auto* begin = lengths.all.begin();
  std::fill(begin, begin + 144, std::uint8_t{8});
  std::fill(begin + 144, begin + 256, std::uint8_t{9});
  std::fill(begin + 256, begin + 280, std::uint8_t{7});
  std::fill(begin + 280, begin + kSymbols, std::uint8_t{8});
  std::fill(begin + kSymbols, lengths.all.end(), std::uint8_t{5});
  return lengths;
}

/// False when the lengths are broken. Lengths are themselves in a code, whose lengths come first.
bool read_lengths(Bits& bits, CodeLengths& lengths) {
  lengths.symbols = bits.take(5) + 257;
  lengths.distances = bits.take(5) + 1;
  if (lengths.symbols > 286 || lengths.distances > 30) return false;
  constexpr std::array<std::uint8_t, kLengthCodes> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                             11, 4,  12, 3, 13, 2, 14, 1, 15};
  std::array<std::uint8_t, kLengthCodes> length_codes = {};
  const std::size_t given = bits.take(4) + 4;
  for (std::size_t i = 0; i < given; ++i) {
    if (!bits.refill()) return false;
    length_codes[kOrder[i]] = static_cast<std::uint8_t>(bits.take(3));
  }
  Code code;
  if (!code.build(length_codes, kLengthCodeMeanings)) return false;
  const std::size_t count = lengths.symbols + lengths.distances;
  for (std::size_t i = 0; i < count;) {
    if (!bits.refill()) return false;
    const Word word = code.next(bits);
    if (word.kind != Meaning::kLiteral) return false;
    std::uint8_t length = static_cast<std::uint8_t>(word.value);
    std::size_t times = 1;
    if (length == 16) {
      if (i == 0) return false;
      length = lengths.all[i - 1];
      times = 3 + bits.take(2);
    } else if (length > 16) {
      times = length == 17 ? 3 + bits.take(3) : 11 + bits.take(7);
      length = 0;
    }
    if (times > count - i) return false;
    std::fill_n(lengths.all.begin() + i, times, length);
    i += times;
  }
  return true;
}

/// What was inflated so far.
class Output {
 public:
  static constexpr std::size_t kLongestMatch = 258;
  /// A power of two of blocks: more than a match may go back.
  static constexpr std::size_t kBlock = 128, kBlocks = 512;

  Output(PlacedByte* bytes, std::uint32_t* first) : bytes_(bytes), first_(first) { first_[0] = 0; }

  std::size_t position() const { return position_; }
  std::span<const PlacedByte> bytes() const { return {bytes_, listed_}; }
  bool is_sparse() const { return listed_ <= position_ / kSparsity + kFewBytes; }

  void append(std::size_t value) {
    const std::size_t listed_before = listed_;
    bytes_[listed_] = {static_cast<std::uint32_t>(position_), static_cast<std::uint32_t>(value)};
    listed_ += value != 0;
    advance(1, listed_before);
  }

  void repeat(std::size_t length, std::size_t distance) {
    const std::size_t begin = position_ - distance, end = begin + length;
    const std::size_t listed_before = listed_;
    if (listed_ > 0 && bytes_[listed_ - 1].position >= begin) {
      std::size_t i = first_[begin / kBlock % kBlocks];
      while (bytes_[i].position < begin) ++i;
      // What is appended here may itself be repeated.
      for (; i < listed_ && bytes_[i].position < end; ++i)
        bytes_[listed_++] = {bytes_[i].position + static_cast<std::uint32_t>(distance),
                             bytes_[i].value};
    }
    advance(length, listed_before);
  }

 private:
  /// What is listed before first_[b] is not in block b. As many blocks as can begin in a match are
  /// entered; those that do not are entered again in time.
  void advance(std::size_t bytes, std::size_t listed_before) {
    const std::size_t block = position_ / kBlock;
    for (std::size_t i = 1; i <= kLongestMatch / kBlock + 1; ++i)
      first_[(block + i) % kBlocks] = static_cast<std::uint32_t>(listed_before);
    position_ += bytes;
  }

  PlacedByte* bytes_;
  std::uint32_t* first_;
  std::size_t position_ = 0, listed_ = 0;
};

bool inflate_stored(Bits& bits, std::size_t size, Output& output) {
  bits.drop_to_byte();
  if (!bits.refill()) return false;
  const std::size_t length = bits.take(16), inverse = bits.take(16);
  if (length != (inverse ^ 0xffff) || length > size - output.position()) return false;
  for (std::size_t i = 0; i < length; ++i) {
    if (!bits.refill() || !output.is_sparse()) return false;
    output.append(bits.take(8));
  }
  return true;
}

bool inflate_coded(Bits& all_bits, const Code& symbols, const Code& distances, std::size_t size,
                   Output& all_output) {
  // Copies, which nothing else can change, stay in registers.
  Bits bits = all_bits;
  Output output = all_output;
  while (bits.refill() && output.is_sparse()) {
    const Word symbol = symbols.next(bits);
    if (symbol.kind < Meaning::kLiteral) {
      const Word distance = distances.next(bits);
      if (distance.kind == Meaning::kNothing || distance.value > output.position() ||
          symbol.value > size - output.position())
        return false;
      output.repeat(symbol.value, distance.value);
    } else if (symbol.kind == Meaning::kLiteral) {
      if (output.position() == size) return false;
      output.append(symbol.value);
    } else {
      all_bits = bits;
      all_output = output;
      return symbol.kind == Meaning::kEnd;
    }
  }
  return false;
}

bool inflate_blocks(Bits& bits, std::size_t size, Output& output) {
  Code symbols, distances;
  for (bool last = false; !last;) {
    if (!bits.refill()) return false;
    last = bits.take(1) != 0;
    const std::size_t kind = bits.take(2);
    if (kind == 0) {
      if (!inflate_stored(bits, size, output)) return false;
      continue;
    }
    CodeLengths lengths;
    if (kind == 1) lengths = fixed_lengths();
    if (kind == 3 || (kind == 2 && !read_lengths(bits, lengths))) return false;
    if (!symbols.build(lengths.of_symbols(), kSymbolMeanings) ||
        !distances.build(lengths.of_distances(), kDistanceMeanings) ||
        !inflate_coded(bits, symbols, distances, size, output))
      return false;
  }
  return true;
}

/// Of n bytes the checksum has the sum, and the sum of each times the bytes from it to the end.
std::uint32_t adler32(std::span<const PlacedByte> bytes, std::size_t size) {
  constexpr std::uint64_t kModulus = 65521;
  constexpr std::size_t kBatch = 1 << 16;  // keeps 64-bit sums from overflowing
  std::uint64_t sum = 1, weighted = size % kModulus;
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kBatch);
    for (const PlacedByte& byte : bytes.first(count)) {
      sum += byte.value;
      weighted += std::uint64_t{static_cast<std::uint32_t>(size) - byte.position} * byte.value;
    }
    sum %= kModulus;
    weighted %= kModulus;
    bytes = bytes.subspan(count);
  }
  return static_cast<std::uint32_t>(weighted << 16 | sum);
}

}  // namespace

std::optional<std::span<const PlacedByte>> SparseInflater::inflate(
    std::span<const std::uint8_t> zlib, std::size_t size) {
  const bool is_zlib = zlib.size() > kHeader + kChecksum && (zlib[0] & 0xf) == 8 &&
                       zlib[0] >> 4 <= 7 && (zlib[0] << 8 | zlib[1]) % 31 == 0 &&
                       (zlib[1] & 0x20) == 0;
  if (!is_zlib || size > UINT32_MAX || size > zlib.size() * kMaxExpansion) return std::nullopt;
  const std::size_t room = size / kSparsity + kFewBytes + Output::kLongestMatch + 1;
  if (bytes_.size() < room) bytes_.resize(room);
  first_.resize(Output::kBlocks);
  Output output(bytes_.data(), first_.data());
  Bits bits(zlib.subspan(kHeader));
  if (!inflate_blocks(bits, size, output) || output.position() != size || bits.overrun())
    return std::nullopt;
  bits.drop_to_byte();
  const std::span<const std::uint8_t> rest = bits.rest();
  if (rest.size() < kChecksum) return std::nullopt;
  const std::uint32_t checksum = std::uint32_t{rest[0]} << 24 | std::uint32_t{rest[1]} << 16 |
                                 std::uint32_t{rest[2]} << 8 | rest[3];
  if (checksum != adler32(output.bytes(), size)) return std::nullopt;
  const std::size_t listed = output.bytes().size();
  bytes_[listed] = {static_cast<std::uint32_t>(size), 1};
  return std::span(bytes_).first(listed + 1);
}

}  // namespace tessera
