#include "tessera/checkpoint/pickle.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "tessera/core/error.h"

namespace tessera {
namespace {

// Bounds far above any checkpoint's object tree; tensor data counts for neither.
constexpr std::size_t kMaxValues = 4'000'000;
/// Every byte of a pickle may be copied twice (as text, then as numbers of another byte order), and
/// small ones freely.
constexpr std::uint64_t kFreeCopies = 1 << 20;
constexpr std::size_t kMaxDigits = 4300;  // as Python's own limit

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18 & 0x07));
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

std::uint32_t parse_hex(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
    fail("a text has the bad escape '{}'", digits);
  return value;
}

Value sequence(Sequence::Kind kind, ValueList items = {}) {
  return Value{Sequence{kind, std::move(items)}};
}

}  // namespace

Value* PickleReader::make(Value value) {
  if (tree_.values.size() >= kMaxValues)
    fail("the pickle makes more than {} values, no checkpoint needs so many", kMaxValues);
  return &tree_.values.emplace_back(std::move(value));
}

void PickleReader::push(const Value* value) {
  if (stack_.size() >= kMaxValues) fail("the pickle's stack grows beyond {} values", kMaxValues);
  stack_.push_back(value);
}

Value* PickleReader::push_new(Value value) {
  Value* made = make(std::move(value));
  push(made);
  return made;
}

const Value* PickleReader::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
    fail("the pickle takes a value from an empty stack at byte {}", at_);
  const Value* value = stack_.back();
  stack_.pop_back();
  return value;
}

// The tree is built here, so its values may be changed here.
Value* PickleReader::top() {
  if (stack_.empty()) fail("the pickle uses an empty stack at byte {}", at_);
  return const_cast<Value*>(stack_.back());
}

ValueList PickleReader::pop_to_mark() {
  if (marks_.empty()) fail("the pickle misses a mark at byte {}", at_);
  ValueList items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return items;
}

std::span<const std::uint8_t> PickleReader::take(std::uint64_t count) {
  if (count > bytes_.size() - at_)
    fail("the pickle wants {} bytes at byte {} where {} are left; it is truncated or lies", count,
         at_, bytes_.size() - at_);
  const auto piece = bytes_.subspan(at_, count);
  at_ += count;
  return piece;
}

std::uint64_t PickleReader::take_number(int bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, take(bytes).data(), bytes);
  return number;
}

std::string_view PickleReader::take_text(std::uint64_t count) {
  const auto piece = take(count);
  return {reinterpret_cast<const char*>(piece.data()), piece.size()};
}

std::string_view PickleReader::take_line() {
  const auto rest = bytes_.subspan(at_);
  const auto end = std::find(rest.begin(), rest.end(), '\n');
  if (end == rest.end()) fail("the pickle ends within a line; it is truncated");
  std::string_view line = take_text(static_cast<std::uint64_t>(end - rest.begin()));
  take(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void PickleReader::remember(std::uint64_t index) {
  if (memo_.size() >= kMaxValues) fail("the pickle's memo grows beyond {} entries", kMaxValues);
  memo_[index] = top();
}

void PickleReader::recall(std::uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) fail("the pickle recalls entry {}, which it never stored", index);
  push(found->second);
}

void PickleReader::push_long(std::string_view bytes) {
  if (bytes.size() > 8) {
    push_new(Value{BigInt{std::string(bytes)}});
    return;
  }
  const bool negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
  std::uint64_t number = negative ? ~std::uint64_t{0} : 0;
  if (!bytes.empty()) std::memcpy(&number, bytes.data(), bytes.size());
  push_new(Value{static_cast<std::int64_t>(number)});
}

void PickleReader::push_decimal(std::string_view line) {
  if (line.ends_with('L')) line.remove_suffix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error == std::errc() && end == line.data() + line.size()) {
    push_new(Value{number});
    return;
  }
  const bool negative = line.starts_with('-');
  if (negative) line.remove_prefix(1);
  const bool digits = !line.empty() && line.size() <= kMaxDigits &&
                      line.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) fail("'{}' is not a whole number", line.substr(0, 40));
  std::string bytes(line.size() / 2 + 2, '\0');
  for (const char digit : line) {
    int carry = digit - '0';
    for (char& byte : bytes) {
      carry += static_cast<unsigned char>(byte) * 10;
      byte = static_cast<char>(carry & 0xFF);
      carry >>= 8;
    }
  }
  int carry = 1;
  for (char& byte : bytes) {
    if (!negative) break;
    carry += static_cast<unsigned char>(~byte);
    byte = static_cast<char>(carry & 0xFF);
    carry >>= 8;
  }
  push_new(Value{BigInt{std::move(bytes)}});
}

void PickleReader::push_quoted(std::string_view line) {
  if (line.size() < 2 || line.front() != line.back() || (line[0] != '\'' && line[0] != '"'))
    fail("a text at byte {} is not quoted", at_);
  line = line.substr(1, line.size() - 2);
  static constexpr std::string_view kFrom = "nrtabfv\\'\"";
  static constexpr std::string_view kTo = "\n\r\t\a\b\f\v\\'\"";
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      text += line[i];
    } else if (line[++i] == 'x') {
      text += static_cast<char>(parse_hex(line.substr(i + 1, 2)));
      i = std::min(i + 2, line.size());
    } else if (const auto known = kFrom.find(line[i]); known != std::string_view::npos) {
      text += kTo[known];
    } else {
      text += '\\';
      text += line[i];
    }
  }
  push_new(Value{std::move(text)});
}

void PickleReader::push_raw_unicode(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char kind = line[i] == '\\' && i + 1 < line.size() ? line[i + 1] : '\0';
    if (kind == 'u' || kind == 'U') {
      const std::size_t digits = kind == 'u' ? 4 : 8;
      append_utf8(text, parse_hex(line.substr(i + 2, digits)));
      i = std::min(i + 1 + digits, line.size());
    } else {
      append_utf8(text, static_cast<unsigned char>(line[i]));
    }
  }
  push_new(Value{std::move(text)});
}

void PickleReader::append_items(const ValueList& items) {
  Value* target = top();
  ValueList* list = nullptr;
  if (auto* sequence = target->as<Sequence>()) list = &sequence->items;
  if (auto* object = target->as<Object>()) list = &object->items;
  if (list == nullptr) fail("the pickle appends to something that is not a list, at byte {}", at_);
  list->insert(list->end(), items.begin(), items.end());
}

void PickleReader::set_items(const ValueList& items) {
  Value* target = top();
  ValuePairs* pairs = nullptr;
  if (auto* dictionary = target->as<Dictionary>()) pairs = &dictionary->pairs;
  if (auto* object = target->as<Object>()) pairs = &object->pairs;
  if (pairs == nullptr || items.size() % 2 != 0)
    fail("the pickle sets items of something that is not a dict, at byte {}", at_);
  for (std::size_t i = 0; i < items.size(); i += 2) pairs->emplace_back(items[i], items[i + 1]);
}

void PickleReader::build(const Value* state) {
  Value* target = top();
  if (auto* dictionary = target->as<Dictionary>()) {
    dictionary->attributes = state;
  } else if (auto* object = target->as<Object>()) {
    if (!fill_numpy_array(tree_, *target, *state)) object->state = state;
  } else if (target->as<TensorView>() == nullptr) {
    fail("the pickle gives a state to something that is not an object, at byte {}", at_);
  }
}

const Value* PickleReader::global(std::string_view module, std::string_view name) {
  return make(Value{Global{fmt::format("{}.{}", module, name)}});
}

void PickleReader::persistent(const Value* id) {
  if (!persistent_load_) fail("the pickle refers to data outside itself; it is part of a file");
  push(persistent_load_(*id));
}

PickleReader::PickleReader(ValueTree& tree, std::span<const std::uint8_t> bytes)
    : tree_(tree), bytes_(bytes) {
  tree_.copy_budget += kFreeCopies + 2 * bytes.size();
}

const Value* PickleReader::read() {
  stack_.clear();
  marks_.clear();
  memo_.clear();
  while (step()) {
  }
  return pop();
}

bool PickleReader::step() {
  const std::uint8_t code = take(1)[0];
  switch (code) {
    case '.':
      return false;
    case '(':
      if (marks_.size() >= kMaxValues) fail("the pickle's marks grow beyond {}", kMaxValues);
      marks_.push_back(stack_.size());
      break;
    case '0':
      if (!marks_.empty() && stack_.size() == marks_.back())
        marks_.pop_back();
      else
        pop();
      break;
    case '1':
      pop_to_mark();
      break;
    case '2':
      push(top());
      break;
    case 'N':
      push_new(Value{});
      break;
    case 0x88:
      push_new(Value{true});
      break;
    case 0x89:
      push_new(Value{false});
      break;
    case 'J':
      push_new(Value{std::int64_t{static_cast<std::int32_t>(take_number(4))}});
      break;
    case 'K':
      push_new(Value{static_cast<std::int64_t>(take_number(1))});
      break;
    case 'M':
      push_new(Value{static_cast<std::int64_t>(take_number(2))});
      break;
    case 'g':
    case 'p': {
      std::uint64_t index = 0;
      const std::string_view line = take_line();
      if (std::from_chars(line.data(), line.data() + line.size(), index).ec != std::errc())
        fail("'{}' is not an entry of the memo", line.substr(0, 40));
      code == 'g' ? recall(index) : remember(index);
      break;
    }
    case 'h':
      recall(take_number(1));
      break;
    case 'j':
      recall(take_number(4));
      break;
    case 'q':
      remember(take_number(1));
      break;
    case 'r':
      remember(take_number(4));
      break;
    case 0x94:
      remember(memo_.size());
      break;
    case 0x80:
      if (const std::uint64_t protocol = take_number(1); protocol > 5)
        fail("pickle protocol {} is not known, 0 to 5 are", protocol);
      break;
    case 0x95:
      take_number(8);
      break;
    case ']':
    case '}':
    case ')':
    case 'l':
    case 'd':
    case 't':
    case 'a':
    case 'e':
    case 's':
    case 'u':
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x8f:
    case 0x90:
    case 0x91:
      step_container(code);
      break;
    case 'c':
    case 'i':
    case 'o':
    case 'b':
    case 'R':
    case 'P':
    case 'Q':
    case 0x81:
    case 0x92:
    case 0x93:
      step_object(code);
      break;
    default:
      step_text(code);
  }
  return true;
}

void PickleReader::step_text(std::uint8_t code) {
  const auto text = [&](int width) { push_new(Value{std::string(take_text(take_number(width)))}); };
  const auto bytes = [&](int width) { push_new(Value{Bytes{take_text(take_number(width))}}); };
  switch (code) {
    case 'I': {
      const std::string_view line = take_line();
      if (line == "00" || line == "01")
        push_new(Value{line == "01"});
      else
        push_decimal(line);
      break;
    }
    case 'L':
      push_decimal(take_line());
      break;
    case 0x8a:
      push_long(take_text(take_number(1)));
      break;
    case 0x8b:
      push_long(take_text(take_number(4)));
      break;
    case 'F': {
      const std::string line(take_line());
      char* end = nullptr;
      const double number = std::strtod(line.c_str(), &end);
      if (line.empty() || *end != '\0') fail("'{}' is not a number", line.substr(0, 40));
      push_new(Value{number});
      break;
    }
    case 'G': {
      const std::uint64_t bits = __builtin_bswap64(take_number(8));
      double number = 0;
      std::memcpy(&number, &bits, sizeof number);
      push_new(Value{number});
      break;
    }
    case 'S':
      push_quoted(take_line());
      break;
    case 'V':
      push_raw_unicode(take_line());
      break;
    case 'U':
    case 0x8c:
      text(1);
      break;
    case 'T':
    case 'X':
      text(4);
      break;
    case 0x8d:
      text(8);
      break;
    case 'C':
      bytes(1);
      break;
    case 'B':
      bytes(4);
      break;
    case 0x8e:
    case 0x96:
      bytes(8);
      break;
    default:
      fail("byte {:#04x} at {} is no pickle instruction that checkpoints use; is it a checkpoint?",
           code, at_ - 1);
  }
}

void PickleReader::step_container(std::uint8_t code) {
  using Kind = Sequence::Kind;
  switch (code) {
    case ']':
      push_new(sequence(Kind::kList));
      break;
    case ')':
      push_new(sequence(Kind::kTuple));
      break;
    case 0x8f:
      push_new(sequence(Kind::kSet));
      break;
    case 'l':
      push_new(sequence(Kind::kList, pop_to_mark()));
      break;
    case 't':
      push_new(sequence(Kind::kTuple, pop_to_mark()));
      break;
    case 0x91:
      push_new(sequence(Kind::kSet, pop_to_mark()));
      break;
    case '}':
      push_new(Value{Dictionary{}});
      break;
    case 'd': {
      const ValueList items = pop_to_mark();
      push_new(Value{Dictionary{}});
      set_items(items);
      break;
    }
    case 0x85:
    case 0x86:
    case 0x87: {
      ValueList items(code - 0x84);
      for (std::size_t i = items.size(); i-- > 0;) items[i] = pop();
      push_new(sequence(Kind::kTuple, std::move(items)));
      break;
    }
    case 'a': {
      const Value* item = pop();
      append_items({item});
      break;
    }
    case 's': {
      const Value* value = pop();
      const Value* key = pop();
      set_items({key, value});
      break;
    }
    case 'u':
      set_items(pop_to_mark());
      break;
    default:
      append_items(pop_to_mark());
  }
}

void PickleReader::step_object(std::uint8_t code) {
  const auto call = [&](const Value* function, const Value* arguments) {
    const auto* name = function->as<Global>();
    push_new(name != nullptr ? interpret_call(tree_, name->name, arguments)
                             : Value{Object{describe(*function), arguments, {}, {}, {}}});
  };
  switch (code) {
    case 'c': {
      const std::string_view module = take_line();
      push(global(module, take_line()));
      break;
    }
    case 0x93: {
      const Value* name = pop();
      const Value* module = pop();
      if (name->as<std::string>() == nullptr || module->as<std::string>() == nullptr)
        fail("the pickle names a class by something that is not a text, at byte {}", at_);
      push(global(*module->as<std::string>(), *name->as<std::string>()));
      break;
    }
    case 'i': {
      const std::string_view module = take_line();
      const Value* function = global(module, take_line());
      call(function, make(sequence(Sequence::Kind::kTuple, pop_to_mark())));
      break;
    }
    case 'o': {
      ValueList items = pop_to_mark();
      if (items.empty()) fail("the pickle makes an object of no class, at byte {}", at_);
      const Value* function = items.front();
      items.erase(items.begin());
      call(function, make(sequence(Sequence::Kind::kTuple, std::move(items))));
      break;
    }
    case 'R':
    case 0x81: {
      const Value* arguments = pop();
      call(pop(), arguments);
      break;
    }
    case 0x92: {
      const Value* keywords = pop();
      const Value* arguments = pop();
      call(pop(), make(sequence(Sequence::Kind::kTuple, {arguments, keywords})));
      break;
    }
    case 'P':
      persistent(make(Value{std::string(take_line())}));
      break;
    case 'Q':
      persistent(pop());
      break;
    default:
      build(pop());
  }
}

}  // namespace tessera
