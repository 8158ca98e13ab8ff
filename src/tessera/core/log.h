#pragma once

#include <spdlog/spdlog.h>

namespace tessera {

enum class Verbosity { kQuiet, kNormal, kVerbose };

/// Sets up spdlog's default logger: messages go to standard error, so that standard output carries
/// results only. Quiet shows warnings and errors, normal adds information, verbose adds debugging
/// details.
void set_up_logging(Verbosity verbosity);

}  // namespace tessera
