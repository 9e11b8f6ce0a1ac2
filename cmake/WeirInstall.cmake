# Installed: static libraries, public headers, a CMake package (find_package(weir), targets
# weir::runtime, weir::mockbroker, weir::driver, weir::plans) and the same for pkg-config (weir,
# weir-mockbroker, weir-driver, weir-plans).
include(CMakePackageConfigHelpers)

install(TARGETS weir_runtime weir_mockbroker weir_driver weir_plans
    EXPORT weir-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS weir_mockbroker_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY runtime/include/ mockbroker/include/ driver/include/ plans/include/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")

# Documentation lies as in the source tree, so that its links hold.
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
    PATTERN build EXCLUDE)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
install(EXPORT weir-targets NAMESPACE weir:: DESTINATION ${package_dir})
configure_package_config_file(cmake/weir-config.cmake.in weir-config.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(weir-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/weir-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/weir-config-version.cmake
    DESTINATION ${package_dir})

# weir_pkgconfig(name library description requires libs): the prefix is derived from where the file
# lies, so that an installed tree can be moved. The libraries are static, so what they need is in
# Requires and Libs, not in their .private forms: --static would drag in all that librdkafka was
# built with.
function(weir_pkgconfig name library description requires libs)
    file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" PC_PREFIX "\${pcfiledir}/${to_prefix}")
    set(PC_NAME ${name})
    set(PC_LIBRARY ${library})
    set(PC_DESCRIPTION ${description})
    set(PC_REQUIRES ${requires})
    set(PC_LIBS ${libs})
    configure_file(cmake/weir.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

weir_pkgconfig(weir weir-runtime "Stream processing in C on librdkafka and RocksDB"
    "rdkafka rocksdb yyjson" "-lpthread -lm")
weir_pkgconfig(weir-mockbroker weir-mockbroker "A Kafka cluster in the process, for tests"
    "weir = ${PROJECT_VERSION} liblz4 libzstd zlib snappy" "")
weir_pkgconfig(weir-plans weir-plans "Topologies as data for Weir" "weir = ${PROJECT_VERSION}" "")
# As the target weir::driver: see driver/CMakeLists.txt.
set(coverage "")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(coverage " -Wl,-u,__gcov_reset,-u,__gcov_dump -lgcov")
endif()
weir_pkgconfig(weir-driver weir-driver "Deterministic test harness for Weir"
    "weir-mockbroker = ${PROJECT_VERSION}" "-rdynamic -ldl${coverage}")
