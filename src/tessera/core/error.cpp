#include "tessera/core/error.h"

namespace tessera {

void rethrow_with_context(std::string_view context) {
  try {
    throw;
  } catch (const Error& error) {
    error.throw_again(fmt::format("{}: {}", context, error.what()));
    throw;  // not reached: the call above throws, which the compiler can't see
  }
}

}  // namespace tessera
