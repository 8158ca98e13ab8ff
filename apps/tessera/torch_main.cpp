#include "command.h"
#include "command_line.h"

int main(int argc, char** argv) {
  return tessera::app::run_command_line(argc, argv, [](CLI::App& app) {
    tessera::app::add_ablate_command(app);
    tessera::app::add_bench_command(app);
    tessera::app::add_info_command(app);
    tessera::app::add_inspect_command(app);
    tessera::app::add_predict_command(app);
    tessera::app::add_train_command(app);
    tessera::app::add_visualize_command(app);
  });
}
