// What the names in a pickle mean here: the functions that stand for data, written as data.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "tessera/checkpoint/pickle.h"
#include "tessera/core/error.h"

namespace tessera {
namespace {

const ValueList& items_of(const Value* value) {
  static const ValueList kNone;
  const auto* sequence = value->as<Sequence>();
  return sequence == nullptr ? kNone : sequence->items;
}

std::vector<std::int64_t> integers(const Value* value, const char* what) {
  std::vector<std::int64_t> numbers;
  if (value->as<Sequence>() == nullptr) fail("the {} of a tensor is not a tuple", what);
  for (const Value* item : items_of(value)) {
    const auto* number = item->as<std::int64_t>();
    if (number == nullptr) fail("the {} of a tensor holds {}", what, describe(*item));
    numbers.push_back(*number);
  }
  return numbers;
}

/// _rebuild_tensor(storage, offset, size, stride, ...); v3 names the dtype after two more.
Value rebuild_tensor(const ValueList& arguments, bool names_dtype) {
  if (arguments.size() < (names_dtype ? 7 : 4)) fail("a tensor's description is incomplete");
  const auto* base = arguments[0]->as<TensorView>();
  const auto* offset = arguments[1]->as<std::int64_t>();
  if (base == nullptr || offset == nullptr)
    fail("a tensor's storage is {}, not a storage of this file", describe(*arguments[0]));
  TensorView view = *base;
  view.offset = *offset;
  view.shape = integers(arguments[2], "size");
  view.strides = integers(arguments[3], "stride");
  if (names_dtype) {
    const auto* name = arguments[6]->as<Global>();
    const auto dtype = name != nullptr && name->name.starts_with("torch.")
                           ? dtype_from_name(std::string_view(name->name).substr(6))
                           : std::nullopt;
    if (!dtype) fail("a tensor has the unknown dtype {}", describe(*arguments[6]));
    view.dtype = *dtype;
  }
  return Value{std::move(view)};
}

/// _codecs.encode(text, 'latin1'): how Python 2's protocols spell bytes.
Value encode_latin1(ValueTree& tree, const ValueList& arguments) {
  const auto* text = arguments.empty() ? nullptr : arguments[0]->as<std::string>();
  if (text == nullptr) fail("bytes are spelled by something that is not a text");
  tree.spend_copy(text->size());
  std::string bytes;
  for (std::size_t i = 0; i < text->size(); ++i) {
    const auto c = static_cast<unsigned char>((*text)[i]);
    if (c < 0x80) {
      bytes += static_cast<char>(c);
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < text->size()) {
      bytes += static_cast<char>((c & 3) << 6 | ((*text)[++i] & 0x3F));
    } else {
      fail("bytes are spelled with a letter outside latin1");
    }
  }
  return Value{Bytes{tree.texts.emplace_back(std::move(bytes))}};
}

struct NumpyType {
  DType dtype;
  bool big_endian;
};

std::optional<NumpyType> numpy_type(const Value* value) {
  const auto* object = value->as<Object>();
  if (object == nullptr || object->class_name != "numpy.dtype" || object->arguments == nullptr)
    return std::nullopt;
  const ValueList& arguments = items_of(object->arguments);
  const auto* code = arguments.empty() ? nullptr : arguments[0]->as<std::string>();
  if (code == nullptr) return std::nullopt;
  const auto dtype = dtype_from_numpy_code(*code);
  if (!dtype) return std::nullopt;
  const ValueList& state = object->state == nullptr ? ValueList{} : items_of(object->state);
  const auto* order = state.size() > 1 ? state[1]->as<std::string>() : nullptr;
  return NumpyType{*dtype, order != nullptr && *order == ">"};
}

std::optional<std::string_view> raw_bytes(const Value* value) {
  if (const auto* bytes = value->as<Bytes>()) return bytes->view;
  if (const auto* text = value->as<std::string>()) return std::string_view(*text);
  return std::nullopt;
}

void swap_bytes(std::vector<std::uint8_t>& bytes, DType dtype) {
  const bool complex = dtype == DType::kComplex64 || dtype == DType::kComplex128;
  const std::size_t size = dtype_size(dtype) / (complex ? 2 : 1);
  for (std::size_t i = 0; i + size <= bytes.size(); i += size)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
}

NumpyArray numpy_array(ValueTree& tree, NumpyType type, std::vector<std::int64_t> shape,
                       bool fortran, std::string_view data) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(data.data());
  auto storage = std::make_shared<TensorStorage>();
  if (type.big_endian) {
    tree.spend_copy(data.size());
    std::vector<std::uint8_t> bytes(begin, begin + data.size());
    swap_bytes(bytes, type.dtype);
    storage = make_storage(std::move(bytes));
  } else {
    storage->bytes = {begin, data.size()};
  }
  storage->name = "of a numpy array";
  NumpyArray array;
  for (const std::int64_t size : shape)
    if (size < 0) fail("a numpy array has the negative size {}", size);
  array.tensor = TensorView::contiguous(type.dtype, shape, std::move(storage));
  if (fortran) {
    std::vector<std::int64_t> reversed(shape.rbegin(), shape.rend());
    array.tensor.strides = contiguous_strides(reversed);
    std::reverse(array.tensor.strides.begin(), array.tensor.strides.end());
  }
  array.tensor.check();
  if (array.tensor.byte_size() != data.size())
    fail("a numpy array of shape {} needs {} bytes, the pickle gives it {}", shape_text(shape),
         array.tensor.byte_size(), data.size());
  return array;
}

bool is_any_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Value ordered_dict(const ValueList& arguments) {
  Dictionary dictionary;
  dictionary.ordered = true;
  if (!arguments.empty())
    for (const Value* pair : items_of(arguments[0])) {
      const ValueList& both = items_of(pair);
      if (both.size() != 2) fail("an OrderedDict is made of something that is not pairs");
      dictionary.pairs.emplace_back(both[0], both[1]);
    }
  return Value{std::move(dictionary)};
}

}  // namespace

Value interpret_call(ValueTree& tree, const std::string& function, const Value* arguments) {
  const ValueList& items = items_of(arguments);
  if (is_any_of(function, {"torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"}))
    return rebuild_tensor(items, false);
  if (function == "torch._utils._rebuild_tensor_v3") return rebuild_tensor(items, true);
  if (is_any_of(function, {"torch._utils._rebuild_parameter",
                           "torch._utils._rebuild_parameter_with_state"}) &&
      !items.empty() && items[0]->as<TensorView>() != nullptr)
    return *items[0];
  if (function.starts_with("torch._utils._rebuild_"))
    fail("a tensor is made by {}, which is not supported; save it as a plain dense CPU tensor",
         function);
  if (function == "collections.OrderedDict") return ordered_dict(items);
  if (is_any_of(function, {"collections.defaultdict", "builtins.dict", "__builtin__.dict"}))
    return Value{Dictionary{}};
  if (function == "torch.Size" && !items.empty() && items[0]->as<Sequence>() != nullptr)
    return *items[0];
  if (is_any_of(function,
                {"builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset"}))
    return Value{Sequence{Sequence::Kind::kSet, items.empty() ? ValueList{} : items_of(items[0])}};
  if (function == "_codecs.encode") return encode_latin1(tree, items);
  if (is_any_of(function, {"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"}) &&
      items.size() == 2) {
    const auto type = numpy_type(items[0]);
    const auto data = raw_bytes(items[1]);
    if (type && data) {
      NumpyArray scalar = numpy_array(tree, *type, {}, false, *data);
      scalar.is_scalar = true;
      return Value{std::move(scalar)};
    }
  }
  // numpy's spelling of arrays in protocol 5: (bytes, dtype, shape, order).
  if (is_any_of(function, {"numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"}) &&
      items.size() == 4) {
    const auto type = numpy_type(items[1]);
    const auto data = raw_bytes(items[0]);
    const auto* order = items[3]->as<std::string>();
    if (type && data)
      return Value{numpy_array(tree, *type, integers(items[2], "shape"),
                               order != nullptr && *order == "F", *data)};
  }
  return Value{Object{function, arguments, nullptr, {}, {}}};
}

bool fill_numpy_array(ValueTree& tree, Value& target, const Value& state) {
  const auto* object = target.as<Object>();
  if (object == nullptr || !is_any_of(object->class_name, {"numpy.core.multiarray._reconstruct",
                                                           "numpy._core.multiarray._reconstruct"}))
    return false;
  const ValueList& items = items_of(&state);
  if (items.size() != 5) return false;
  const auto type = numpy_type(items[2]);
  const auto data = raw_bytes(items[4]);
  if (!type || !data) return false;
  const auto* fortran = items[3]->as<bool>();
  const auto* number = items[3]->as<std::int64_t>();
  target.data =
      numpy_array(tree, *type, integers(items[1], "shape"),
                  (fortran != nullptr && *fortran) || (number != nullptr && *number != 0), *data);
  return true;
}

}  // namespace tessera
