--- ssl.base.version: the version of this library, written here alone (SemVer 2.0.0). CMake reads
-- it from this line; structure/version_spec compares what has to repeat it.
return "1.1.0-dev"
