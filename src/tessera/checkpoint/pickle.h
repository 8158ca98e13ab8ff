#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tessera/checkpoint/value.h"

namespace tessera {

/// Resolves a pickle's persistent id to a value (torch: a storage), or fails.
using PersistentLoad = std::function<const Value*(const Value& id)>;

/// Reads pickles (protocols 0 to 5) as data. Nothing that a pickle names is imported, called or
/// executed: a small set of names (dict, OrderedDict, numpy arrays, torch tensors) is understood,
/// every other object is kept as an Object that says its class and arguments. Depth costs no stack,
/// and the number of values and of decoded bytes is bounded.
class PickleReader {
 public:
  /// `bytes` must outlive the tree, for instance through tree.owners.
  PickleReader(ValueTree& tree, std::span<const std::uint8_t> bytes);

  void set_persistent_load(PersistentLoad load) { persistent_load_ = std::move(load); }

  /// Reads the next pickle, as far as its STOP.
  const Value* read();

  /// Bytes consumed so far.
  std::size_t position() const { return at_; }

 private:
  Value* make(Value value);
  void push(const Value* value);
  Value* push_new(Value value);
  const Value* pop();
  Value* top();
  ValueList pop_to_mark();
  std::span<const std::uint8_t> take(std::uint64_t count);
  std::uint64_t take_number(int bytes);
  std::string_view take_text(std::uint64_t count);
  std::string_view take_line();
  void remember(std::uint64_t index);
  void recall(std::uint64_t index);

  bool step();
  void step_text(std::uint8_t code);
  void step_container(std::uint8_t code);
  void step_object(std::uint8_t code);
  void push_long(std::string_view bytes);
  void push_decimal(std::string_view line);
  void push_quoted(std::string_view line);
  void push_raw_unicode(std::string_view line);
  void append_items(const ValueList& items);
  void set_items(const ValueList& items);
  void build(const Value* state);
  const Value* global(std::string_view module, std::string_view name);
  void persistent(const Value* id);

  ValueTree& tree_;
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  PersistentLoad persistent_load_;
  ValueList stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, const Value*> memo_;
};

/// What calling `function` with `arguments` makes, for the few functions that stand for data; an
/// Object otherwise.
Value interpret_call(ValueTree& tree, const std::string& function, const Value* arguments);

/// Gives an Object that stands for a numpy array its state; false when it is something else.
bool fill_numpy_array(ValueTree& tree, Value& object, const Value& state);

}  // namespace tessera
