#include "tessera/core/error.h"

#include "tessera/core/interrupt.h"

namespace tessera {

void rethrow_with_context(std::string_view context) {
  try {
    throw;
  } catch (const Interrupted&) {
    throw;
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", context, error.what()));
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", context, error.what()));
  }
}

}  // namespace tessera
