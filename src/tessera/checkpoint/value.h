#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tessera/checkpoint/tensor.h"

namespace tessera {

struct Value;
using ValueList = std::vector<const Value*>;
using ValuePairs = std::vector<std::pair<const Value*, const Value*>>;

/// A whole number that does not fit 64 bits: two's complement, least significant byte first.
struct BigInt {
  std::string bytes;
};
/// Bytes (as opposed to text), in most cases still lying in the mapped file.
struct Bytes {
  std::string_view view;
};
/// A reference to something by its Python name, such as torch.float32. It is never looked up.
struct Global {
  std::string name;
};
/// list, tuple, set
struct Sequence {
  enum class Kind { kList, kTuple, kSet } kind = Kind::kList;
  ValueList items;
};
/// dict and OrderedDict, in order. A later pair with an equal key replaces the earlier one.
struct Dictionary {
  bool ordered = false;  ///< an OrderedDict
  ValuePairs pairs;
  const Value* attributes = nullptr;  ///< state of the object itself, such as torch's _metadata

  /// The value of a text key, or nullptr.
  const Value* find(std::string_view key) const;
};
/// A numpy array or scalar.
struct NumpyArray {
  TensorView tensor;
  bool is_scalar = false;
};
/// An object of a class that is not known here: what the file says of it, never built.
struct Object {
  std::string class_name;
  const Value* arguments = nullptr;
  const Value* state = nullptr;
  ValueList items;
  ValuePairs pairs;
};

/// A Python value as data. Values are shared by reference exactly as in the file, so cycles are
/// possible: whoever walks a tree must bound depth and steps.
struct Value {
  std::variant<std::monostate, bool, std::int64_t, BigInt, double, std::string, Bytes, Sequence,
               Dictionary, TensorView, NumpyArray, Global, Object>
      data;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&data);
  }
};

/// Owns the values of one file, and the bytes that they look into.
struct ValueTree {
  std::deque<Value> values;
  std::deque<std::string> texts;  ///< bytes that had to be decoded
  std::vector<std::shared_ptr<const void>> owners;
  const Value* root = nullptr;
  std::uint64_t copy_budget =
      0;  ///< bytes that decoding may still copy; grows with the file's size

  /// Accounts for a copy of that many bytes. A file that makes its reader copy much more than it
  /// holds (one text decoded over and over) is refused.
  void spend_copy(std::uint64_t bytes);
};

/// The value as a person would write it, cut off after about `max_length` characters.
std::string describe(const Value& value, std::size_t max_length = 60);

}  // namespace tessera
