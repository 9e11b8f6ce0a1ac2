# Installed: static libraries, public headers, a CMake package (find_package(weir)) and weir.pc.
