#include "tessera/core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <memory>
#include <utility>

namespace tessera {

void set_up_logging(Verbosity verbosity) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("tessera", std::move(sink));
  logger->set_pattern("%^%l%$: %v");
  logger->set_level(verbosity == Verbosity::kQuiet     ? spdlog::level::warn
                    : verbosity == Verbosity::kVerbose ? spdlog::level::debug
                                                       : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace tessera
